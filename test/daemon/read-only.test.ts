import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { temporary } from "../helpers/temp.ts";

const MAIN = join(import.meta.dir, "../../src/main.ts");
// Root may write anywhere: the program is then run as nobody.
const asNobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

function polaris(home: string, args: string[], stdin = "") {
  return Bun.spawnSync([process.execPath, MAIN, ...args], {
    env: { POLARIS_HOME: home, HOME: home, PATH: process.env.PATH ?? "" },
    stdin: Buffer.from(stdin),
    timeout: 10_000,
    ...asNobody,
  });
}

test("A8: with a read-only home the recorder says so and ends, and a hook stays silent and never fails the agent", async () => {
  await using folder = temporary();
  const home = join(folder.path, "home");
  for (const name of ["", "journal", "spool"]) mkdirSync(join(home, name), { recursive: true });
  for (const name of ["spool", "journal", ""]) chmodSync(join(home, name), 0o555);
  const daemon = polaris(home, ["daemon", "--json"]);
  expect(daemon.exitCode).toBe(1);
  expect(JSON.parse(`${daemon.stderr}`)).toMatchObject({
    error: {
      code: "journal_unwritable",
      message: expect.stringContaining(home),
      hint: expect.stringContaining("POLARIS_HOME"),
    },
  });
  const hook = polaris(home, ["hook"], '{"hook_event_name":"Stop","session_id":"s"}');
  expect({ code: hook.exitCode, out: `${hook.stdout}`, err: `${hook.stderr}` }).toEqual({
    code: 0,
    out: "",
    err: "",
  });
  expect(readdirSync(join(home, "spool"))).toEqual([]);
  for (const name of ["", "journal", "spool"]) chmodSync(join(home, name), 0o755);
}, 30_000);
