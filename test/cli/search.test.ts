import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { until } from "../../src/lib/until.ts";
import { writeCredentials } from "../../src/machine/credentials.ts";
import { paths } from "../../src/machine/paths.ts";
import { Found } from "../../src/wire/search.ts";
import { type Polaris, startMachine, startPolaris } from "../helpers/polaris.ts";
import { program, start, world } from "./program.ts";

let polaris: Polaris;
const at = world();

beforeAll(async () => {
  polaris = await startPolaris();
  const { url, token } = polaris;
  const profile = { url, token, participant: "user:manu" };
  writeCredentials(paths(at.polarisHome).credentials, { current: "t", profiles: { t: profile } });
  const machine = startMachine({ project: "shop" });
  await polaris.ingest([
    machine.head(),
    machine.line({ text: "rotate the \u001b[31msigning key" }),
    machine.line({ text: "signing off" }),
  ]);
  await until(async () => (await polaris.json<Found>("/search?q=signing")).items.length === 2);
});
afterAll(async () => {
  await polaris[Symbol.asyncDispose]();
  at[Symbol.dispose]();
});

const search = (...args: string[]) => start([...program, "search", ...args], at.env);

describe("polaris search (E5)", () => {
  test("names the session, the passage and the address of the moment", async () => {
    const { code, out } = await search("signing", "key");
    expect(code).toBe(0);
    expect(out).toContain("shop/s-0001");
    expect(out).toContain("rotate the ·[31msigning key");
    expect(out).toContain(`${polaris.url}/app/p/shop/s/s-0001?before=61#e-1`);
    expect(out).not.toContain("\u001b");
  });

  test("leaves out what begins with a dash, filters, and pages", async () => {
    const { out } = await search("signing", "-key", "--project", "shop", "--json");
    expect(Found.parse(JSON.parse(out)).items.map(({ seq }) => seq)).toEqual([2]);
    const first = Found.parse(JSON.parse((await search("signing", "--limit", "1", "--json")).out));
    const next = await search("signing", "--limit", "1", "--json", "--cursor", first.next ?? "");
    expect(Found.parse(JSON.parse(next.out)).items.map(({ seq }) => seq)).toEqual([1]);
  });

  test("says what is wrong: nothing asked, an absent project", async () => {
    expect((await search()).code).toBe(2);
    const absent = await search("x", "--project", "absent");
    expect([absent.code, absent.err]).toEqual([1, expect.stringContaining('no project "absent"')]);
  });
});
