import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { until } from "../../src/lib/until.ts";
import type { Found } from "../../src/wire/search.ts";
import { as, type Person, person } from "../helpers/people.ts";
import { type Polaris, startMachine, startPolaris } from "../helpers/polaris.ts";

let polaris: Polaris;
let krishna: Person;
const shop = startMachine({ project: "shop", name: "checkout" });
const bill = startMachine({ project: "billing", name: "invoices" });
const vault = startMachine({ project: "vault", name: "hidden" });

const call = (name: string, kind: string, text: string, input: object) => ({
  kind: "tool.call",
  sender: "agent:claude",
  text,
  body: { callId: text, name, kind, input },
});

beforeAll(async () => {
  polaris = await startPolaris();
  krishna = await person(polaris.db, polaris.caller.org, "krishna", "member");
  await polaris.post("/projects", { slug: "vault", visibility: "private" });
  await polaris.ingest([
    shop.head({ branch: "feat/retry" }),
    shop.line({
      at: "2026-11-01T10:00:00Z",
      text: "Rotate the signing key, then run the migrations",
    }),
    shop.line({
      ...call("Edit", "edit", "/home/manu/shop/src/core/getUserName.ts", {
        file_path: "/home/manu/shop/src/core/getUserName.ts",
      }),
      at: "2026-11-02T10:00:00Z",
    }),
    shop.line({
      ...call("Bash", "execute", "bun test --only checkout_total_with_tax", { command: "x" }),
      at: "2026-11-03T10:00:00Z",
    }),
    shop.line({
      kind: "agent.message",
      sender: "agent:claude",
      at: "2026-11-04T10:00:00Z",
      text: "The key signing is done: café déjà vu. 資料庫連線失敗",
    }),
    shop.line({
      kind: "tool.result",
      at: "2026-11-04T11:00:00Z",
      text: "signing key in tool output",
    }),
  ]);
  await polaris.ingest([
    bill.head({ driver: "user:priya", branch: "main", agent: "agent:codex" }),
    bill.line({
      sender: "user:priya",
      at: "2026-11-05T10:00:00Z",
      text: "invoice totals are off by one cent",
    }),
    bill.line({
      kind: "error",
      sender: "agent:codex",
      at: "2026-11-06T10:00:00Z",
      text: "Overloaded while signing",
    }),
  ]);
  await polaris.ingest([vault.head(), vault.line({ text: "the signing key of the vault" })]);
  await until(
    async () => (await found("q=vault")).length === 1 && (await found("q=overloaded")).length === 1,
  );
}, 30_000);
afterAll(() => polaris[Symbol.asyncDispose]());

const ask = (query: string) => polaris.json<Found>(`/search?${query}`);
const found = async (query: string) =>
  (await ask(query)).items?.map(({ project, seq }) => `${project} ${seq}`) ?? [];

describe("search finds what was said and done, in all projects (E5)", () => {
  test.each([
    ["words, newest first", "q=signing+key", ["vault 1", "shop 4", "shop 1"]],
    ["a phrase", 'q="signing+key"', ["vault 1", "shop 1"]],
    ["without a word", "q=signing+-key", ["billing 2"]],
    ["without a phrase", 'q=signing+-"signing+key"', ["billing 2", "shop 4"]],
    ["one or the other", "q=invoice+or+migrations", ["billing 1", "shop 1"]],
    ["a part of an identifier", "q=user", ["shop 2"]],
    ["an identifier in another spelling", "q=get_user_name", ["shop 2"]],
    ["an identifier in small letters", "q=getusername", ["shop 2"]],
    ["the end of an identifier", "q=username", ["shop 2"]],
    ["a path", "q=src/core/getUserName.ts", ["shop 2"]],
    ["the name of a file", "q=getUserName.ts", ["shop 2"]],
    ["words of a snake-cased name", "q=checkout_total", ["shop 3"]],
    ["a word that is only begun", "q=migr", ["shop 1"]],
    ["a part inside a word", "q=grati", ["shop 1"]],
    ["without accents, in any case", "q=CAFE+Deja", ["shop 4"]],
    ["a script without spaces", "q=連線", ["shop 4"]],
    ["nothing", "q=zebra", []],
    ["only one project", "q=signing&project=shop", ["shop 4", "shop 1"]],
    ["only one session", "q=signing&project=billing&session=invoices", ["billing 2"]],
    ["who it is from", "from=user:priya", ["billing 2", "billing 1"]],
    ["the same, said in the words", "q=from:priya", ["billing 2", "billing 1"]],
    ["an agent", "q=signing&agent=codex", ["billing 2"]],
    ["a kind", "kind=error", ["billing 2"]],
    ["a tool by name", "q=tool:bash", ["shop 3"]],
    ["a tool by kind", "tool=edit", ["shop 2"]],
    ["a file by its path's end", "file=core/getUserName.ts", ["shop 2"]],
    ["a file by one part", "q=file:core", ["shop 2"]],
    ["a branch", "q=signing&branch=feat/retry", ["shop 4", "shop 1"]],
    ["from a day on", "q=signing&since=2026-11-05&until=2026-11-06", ["billing 2"]],
    ["up to a day, which counts", "q=signing&until=2026-11-04", ["shop 4", "shop 1"]],
    ["not this tool", "q=project+or+checkout+-tool:bash", []],
    ["signs that mean something to the database", "q='%26|!():*\\", null],
  ])("%s", async (_, query, wanted) => {
    if (wanted === null) expect((await polaris.call(`/search?${query}`)).status).toBe(400);
    else expect(await found(query)).toEqual(wanted);
  });

  test("a hit shows the passage with what was found, and its session", async () => {
    const { items, sessions } = await ask("q=migrations");
    const [hit] = items;
    expect(hit?.marks.map(([from, to]) => hit.text.slice(from, to))).toEqual(["migrations"]);
    expect(sessions).toMatchObject([
      { project: "shop", name: "checkout", branch: "feat/retry", driver: "user:manu", hits: 1 },
    ]);
  });

  test("in pages, each hit once", async () => {
    const all: string[] = [];
    for (let cursor = ""; ; ) {
      const page = await ask(`q=signing&limit=2${cursor && `&cursor=${cursor}`}`);
      all.push(...page.items.map(({ project, seq }) => `${project} ${seq}`));
      if (!page.next) break;
      cursor = page.next;
    }
    expect(all).toEqual(await found("q=signing"));
    expect((await polaris.call("/search?q=a&cursor=xyz")).status).toBe(400);
  });

  test("nothing to search for, and a day that is none, are said", async () => {
    for (const query of ["", "?q=", "?q=---", "?q=a&since=yesterday"]) {
      const response = await polaris.call(`/search${query}`);
      expect([query, response.status]).toEqual([query, 400]);
    }
  });
});

describe("search is inside the caller's access (F5)", () => {
  test("a private project's text is found by its members alone, by no word and no filter", async () => {
    const other = as(polaris, krishna);
    for (const query of [
      "q=vault",
      "q=vaul",
      "q=ault",
      "q=signing+key",
      "from=user:manu",
      "kind=user.message",
    ]) {
      const { status, body } = await other.get(`/search?${query}`);
      expect([query, status, body.includes("vault")]).toEqual([query, 200, false]);
    }
    expect((await other.get("/search?q=signing&project=vault")).status).toBe(404);
    expect(await found("q=vaul")).toEqual(["vault 1"]);
  });

  test("an admin's find in a private project is written down", async () => {
    const boss = await person(polaris.db, polaris.caller.org, "boss", "admin");
    expect((await as(polaris, boss).get("/search?q=vault")).body).toContain("of the vault");
    const { body } = await as(polaris, boss).get("/audit?action=project.read&actor=user:boss");
    expect(JSON.parse(body).items).toMatchObject([{ target: "vault" }]);
  });

  test("the index itself opens to nobody without the organisation", async () => {
    const places = await polaris.db.sql`
      select * from find_deep('signing', (select array_agg(id) from projects), null, null, null, null, null, null, 10)`;
    expect([...places]).toEqual([]);
    expect([...(await polaris.db.sql`select * from event_text`)]).toEqual([]);
    expect([...(await polaris.db.sql`select find_words('ign', true, 10)`)]).toEqual([]);
  });
});
