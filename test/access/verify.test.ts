import { expect, test } from "bun:test";
import { join } from "node:path";
import { z } from "zod";
import { boot } from "../../src/cli/boot.ts";
import { silent } from "../../src/lib/log.ts";
import { call } from "../../src/machine/api.ts";
import { writeCredentials } from "../../src/machine/credentials.ts";
import { AuditReport } from "../../src/wire/audit.ts";
import { program, start, world } from "../cli/program.ts";
import { startDatabase } from "../helpers/database.ts";
import { temporary } from "../helpers/temp.ts";

test("polaris audit names the first broken row, of a server that runs or stands (F6)", async () => {
  using here = world();
  await using folder = temporary();
  const dataDir = join(folder.path, "server");
  const audit = (...args: string[]) =>
    start([...program, "audit", ...args], { ...here.env, POLARIS_DATA_DIR: dataDir });
  let head: string | null;
  {
    await using server = await boot({ dataDir, log: silent, host: "127.0.0.1", port: 0 });
    const { token } = await server.own({ email: "manu@example.com", name: "Manu" });
    const signedIn = { url: server.url, token, participant: "user:manu" };
    writeCredentials(join(here.polarisHome, "credentials.json"), {
      current: "test",
      profiles: { test: signedIn },
    });
    const send = (path: string, body: unknown) =>
      call(signedIn, { method: "POST", path, body: JSON.stringify(body) }, z.unknown());
    await send("/projects/etl/sessions", { name: "one" });
    for (const text of ["first", "second", "third"]) {
      await send("/projects/etl/sessions/one/inject", { text });
    }
    const listed = await audit(
      "list",
      "--action",
      "injection.queued",
      "--since",
      "1h",
      "--limit",
      "2",
    );
    expect(listed).toMatchObject({ code: 0, err: "" });
    expect(listed.out).toMatch(/^ +\d+ {2}\S+Z {2}user:manu {2}injection\.queued {2}etl\/one/);
    expect(listed.out).toContain("more: --before");
    const whole = await audit("verify", "--json");
    const [chain] = AuditReport.parse(JSON.parse(whole.out)).chains;
    expect(whole.code).toBe(0);
    expect(chain).toMatchObject({ org: "home", broken: null });
    head = chain?.head ?? null;
  }
  {
    await using database = await startDatabase(dataDir);
    await database.sql`alter table audit disable trigger audit_keep`;
    await database.sql`update audit set at = at + interval '1 second' where n = 2`;
  }
  const broken = await audit("verify");
  expect(broken).toMatchObject({ code: 1, out: "home: row 2 was changed\n" });
  {
    await using database = await startDatabase(dataDir);
    await database.sql`update audit set at = at - interval '1 second' where n = 2`;
  }
  const mended = await audit("verify");
  expect(mended.out).toContain(`head ${head}`);
  expect((await audit("forget")).code).toBe(2);
}, 60_000);
