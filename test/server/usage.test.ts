import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { until } from "../../src/lib/until.ts";
import type { Usage } from "../../src/wire/usage.ts";
import { as, type Person, person } from "../helpers/people.ts";
import { type Polaris, startMachine, startPolaris } from "../helpers/polaris.ts";

let polaris: Polaris;
let krishna: Person;
const shop = startMachine({ project: "shop", name: "checkout" });
const vault = startMachine({ project: "vault", name: "hidden" });
const DAYS = "since=2026-11-01&until=2026-11-30";

const agent = { sender: "agent:claude" };
const day = (n: number, time = "10:00:00") => ({ at: `2026-11-0${n}T${time}Z` });
const edit = (path: string) => ({
  ...agent,
  kind: "tool.call",
  text: path,
  body: { callId: path, name: "Edit", kind: "edit", input: { file_path: path } },
});
const spent = (model: string, inputTokens: number, costUsd?: number) => ({
  ...agent,
  kind: "usage",
  body: {
    model,
    inputTokens,
    outputTokens: 10,
    cacheReadTokens: 1000,
    ...(costUsd ? { costUsd } : {}),
  },
});

beforeAll(async () => {
  polaris = await startPolaris();
  krishna = await person(polaris.db, polaris.caller.org, "krishna", "member");
  await polaris.post("/projects", { slug: "vault", visibility: "private" });
  await polaris.ingest([
    shop.head(),
    shop.line({ ...day(1), text: "one" }),
    shop.line({ ...day(1), ...edit("src/a.ts") }),
    shop.line({ ...day(1), ...edit("src/a.ts") }),
    shop.line({ ...day(1), ...edit("=HYPERLINK(1)") }),
    shop.line({ ...day(1), ...spent("claude-opus-4-1", 100, 0.5) }),
    shop.line({ ...day(1), ...agent, kind: "turn.end", body: { reason: "end_turn" } }),
    shop.line({ ...day(2), sender: "user:krishna", text: "two" }),
    shop.line({
      ...day(2),
      ...agent,
      kind: "permission.request",
      body: { name: "Bash", input: {} },
    }),
    shop.line({
      ...day(2, "10:00:20"),
      ...agent,
      kind: "permission.request",
      body: { name: "Bash", input: {} },
    }),
    shop.line({
      ...day(2, "10:01:30"),
      kind: "permission.decision",
      body: { callId: "x", decision: "accept", by: "user" },
    }),
    shop.line({
      ...day(2),
      ...agent,
      kind: "tool.result",
      body: { callId: "x", name: "Bash", status: "failed", output: "" },
    }),
    shop.line({ ...day(2), ...spent("mystery-1", 7) }),
    shop.line({
      ...day(2),
      ...agent,
      kind: "usage",
      body: { total: true, inputTokens: 1e9, costUsd: 99 },
    }),
    shop.line({ ...day(2), kind: "user.message", text: "hook", body: { origin: "system" } }),
  ]);
  await polaris.ingest([
    vault.head(),
    vault.line({ ...day(3), text: "hidden" }),
    vault.line({ ...day(3), ...edit("secret-plan.md") }),
  ]);
  await until(async () => (await ask("by=day")).rows.length === 3);
}, 30_000);
afterAll(() => polaris[Symbol.asyncDispose]());

const ask = (query: string) => polaris.json<Usage>(`/usage?${DAYS}&${query}`);
const told = async (query: string, ...names: string[]) =>
  (await ask(query)).rows.map((row) => [row.key, ...names.map((name) => Reflect.get(row, name))]);

describe("usage is counted from the log (E9)", () => {
  test("by day: prompts of people, turns, tools, files, tokens, cost and waiting", async () => {
    const { rows, total } = await ask("by=day&project=shop");
    expect(rows).toMatchObject([
      {
        key: "2026-11-01",
        sessions: 1,
        prompts: 1,
        turns: 1,
        tools: 3,
        failed: 0,
        files: 2,
        inputTokens: 100,
        outputTokens: 10,
        cacheReadTokens: 1000,
        costUsd: 0.5,
        waitingMs: 0,
        unpriced: 0,
      },
      {
        key: "2026-11-02",
        prompts: 1,
        turns: 0,
        tools: 0,
        failed: 1,
        inputTokens: 7,
        costUsd: 0,
        unpriced: 1,
        waitingMs: 90_000,
      },
    ]);
    expect(total).toMatchObject({
      sessions: 1,
      prompts: 2,
      inputTokens: 107,
      costUsd: 0.5,
      files: 2,
    });
  });

  test("by project, agent, model, tool and file", async () => {
    expect(await told("by=project", "prompts")).toEqual([
      ["shop", 2],
      ["vault", 1],
    ]);
    expect(await told("by=agent", "prompts")).toEqual([["agent:claude", 3]]);
    expect(await told("by=model&project=shop", "inputTokens")).toEqual(
      expect.arrayContaining([
        ["claude-opus-4-1", 100],
        ["mystery-1", 7],
      ]),
    );
    expect(await told("by=tool&project=shop", "tools", "failed")).toEqual([
      ["Edit", 3, 0],
      ["Bash", 0, 1],
    ]);
    expect(await told("by=file&project=shop", "tools")).toEqual([
      ["src/a.ts", 2],
      ["=HYPERLINK(1)", 1],
    ]);
    expect(await told("by=day&model=mystery-1", "inputTokens")).toEqual([["2026-11-02", 7]]);
  });

  test("as CSV that no spreadsheet takes for a formula", async () => {
    const response = await polaris.call(`/usage?${DAYS}&by=file&project=shop&format=csv`);
    expect(response.headers.get("content-disposition")).toContain("usage-by-file-2026-11-01");
    const lines = (await response.text()).split("\r\n");
    expect(lines[0]).toStartWith("file,sessions,prompts");
    expect(lines[2]).toStartWith("'=HYPERLINK(1),1,");
  });

  test("the same log counted again after a crash counts once", async () => {
    const before = await ask("by=day");
    // What a crash between reading and writing leaves is what there was: both are one transaction.
    await polaris.ingest([shop.head(), shop.line({ ...day(4), text: "later" })]);
    await until(async () => (await ask("by=day")).rows.length === 4);
    expect((await ask("by=day")).total.prompts).toBe(before.total.prompts + 1);
  });
});

describe("figures by person are that person's own (E9)", () => {
  test("others are one sum, and cannot be asked for, until the organisation opens them", async () => {
    const other = as(polaris, krishna);
    const mine = JSON.parse((await other.get(`/usage?${DAYS}&by=person`)).body) as Usage;
    expect(mine.byPerson).toBe(false);
    expect(mine.rows.map(({ key }) => key).sort()).toEqual(["others", "user:krishna"]);
    expect((await other.get(`/usage?${DAYS}&person=user:manu`)).status).toBe(403);
    expect((await other.get(`/usage?${DAYS}&person=user:krishna`)).status).toBe(200);
    expect((await other.send("PUT", "/usage/settings", { byPerson: true })).status).toBe(403);
    await polaris.call("/usage/settings", { method: "PUT", body: '{"byPerson":true}' });
    const open = JSON.parse((await other.get(`/usage?${DAYS}&by=person`)).body) as Usage;
    expect(open.rows.map(({ key }) => key).sort()).toEqual(["user:krishna", "user:manu"]);
    const audit = await polaris.json<{ items: unknown[] }>("/audit?action=usage.by_person");
    expect(audit.items).toMatchObject([{ actor: "user:manu", detail: { to: true } }]);
  });
});

describe("usage is inside the caller's access (F5)", () => {
  test("nothing of a private project is counted for who is no member", async () => {
    const other = as(polaris, krishna);
    for (const by of ["day", "project", "agent", "model", "person", "tool", "file"]) {
      for (const path of [
        `/usage?${DAYS}&by=${by}`,
        `/usage?${DAYS}&by=${by}&format=csv`,
        `/app/usage?${DAYS}`,
      ]) {
        const { status, body } = await other.get(path);
        expect([path, status, /vault|secret-plan|2026-11-03,/.test(body)]).toEqual([
          path,
          200,
          false,
        ]);
      }
    }
    expect((await other.get(`/usage?project=vault`)).status).toBe(404);
  });
});
