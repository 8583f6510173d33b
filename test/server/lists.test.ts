import { afterAll, beforeAll, expect, test } from "bun:test";
import { until } from "../../src/lib/until.ts";
import type { Page } from "../../src/wire/session.ts";
import { organisation, person } from "../helpers/people.ts";
import { type Polaris, startMachine, startPolaris } from "../helpers/polaris.ts";

let polaris: Polaris;
let hook: string;
let cookie: Record<string, string>;

const SESSION = "/projects/shop/sessions/s-0001";

beforeAll(async () => {
  polaris = await startPolaris();
  const { db, caller, call, post } = polaris;
  const machine = startMachine({ project: "shop" });
  const commit = (n: number) =>
    machine.line({
      kind: "code.commit",
      sender: "agent:claude",
      text: `commit ${n}`,
      body: { repository: "github.com/acme/shop", sha: `${n}`.repeat(40) },
    });
  await polaris.ingest([machine.head(), commit(1), commit(2), commit(3)]);
  for (const name of ["krishna", "priya"]) {
    const { participant } = await person(db, caller.org, name, "member");
    await call(`/projects/shop/members/${participant}`, { method: "PUT" });
  }
  for (let n = 0; n < 3; n++) {
    await post(`${SESSION}/shares`, {});
    const made = await post("/webhooks", { url: `http://127.0.0.1:9/${n}`, kinds: ["*"] });
    hook = ((await made.json()) as { id: string }).id;
  }
  for (let n = 0; n < 3; n++) await post(`/webhooks/${hook}/test`, {});
  for (const domain of ["a.example", "b.example", "c.example"]) {
    await polaris.database.admin`
      insert into org_domains (domain, org_id)
      values (${domain}, ${caller.org})`;
  }
  for (const org of [await organisation(db, "second"), await organisation(db, "third")]) {
    cookie = (await person(db, org, "manu", "member")).headers;
  }
});
afterAll(() => polaris[Symbol.asyncDispose]());

test.each([
  ["commits", () => `${SESSION}/commits`],
  ["links of a session", () => `${SESSION}/shares`],
  ["links of all sessions", () => "/shares"],
  ["webhooks", () => "/webhooks"],
  ["what a webhook was told", () => `/webhooks/${hook}/messages`],
  ["members of a project", () => "/projects/shop/members"],
  ["domains", () => "/orgs/domains"],
  ["organisations", () => "/orgs"],
])("%s come in pages, each once and in one order (J3)", async (what, pathOf) => {
  const asked = what === "organisations" ? { as: null, headers: cookie } : {};
  const read = (query: string) =>
    polaris.json<Page<Record<string, unknown>>>(`${pathOf()}${query}`, asked);
  const keyOf = (item: Record<string, unknown>) =>
    String(item.id ?? item.sha ?? item.participant ?? item.domain);
  // What has been said of a commit is kept by a reader of the log.
  const whole = await until(
    async () => {
      const page = await read("");
      return page.items.length >= 3 && page;
    },
    { what },
  );
  expect(whole.next).toBeNull();
  const found: string[] = [];
  for (let cursor = ""; ; ) {
    const page = await read(`?limit=1${cursor && `&cursor=${cursor}`}`);
    expect(page.items.length).toBe(1);
    found.push(...page.items.map(keyOf));
    if (!page.next) break;
    cursor = page.next;
  }
  expect(found).toEqual(whole.items.map(keyOf));
  const wrong = await polaris.call(`${pathOf()}?cursor=nonsense`, asked);
  expect(await wrong.json()).toMatchObject({ error: { code: "invalid_cursor" } });
});
