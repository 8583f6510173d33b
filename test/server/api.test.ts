import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import * as links from "../../src/core/links.ts";
import { until } from "../../src/lib/until.ts";
import type { StoredEvent } from "../../src/wire/event.ts";
import type { Page, Project, Session } from "../../src/wire/session.ts";
import { type Polaris, startMachine, startPolaris } from "../helpers/polaris.ts";

let polaris: Polaris;
beforeAll(async () => {
  polaris = await startPolaris();
});
afterAll(() => polaris[Symbol.asyncDispose]());

/** What a browser sends when somebody opens an address. */
const PERSON = { "sec-fetch-mode": "navigate" };

describe("the door is shut (F4)", () => {
  const invite = () =>
    links.make(polaris.db, {
      kind: "invite",
      org: polaris.caller.org,
      role: "member",
      email: "krishna@example.com",
    });

  test("a foreign page cannot act with the browser's cookie", async () => {
    const claimed = await polaris.call(`/claim?code=${await invite()}`, {
      as: null,
      headers: PERSON,
    });
    expect(claimed.status).toBe(303);
    const cookie = claimed.headers.get("set-cookie") ?? "";
    expect(cookie).toContain("HttpOnly");
    expect(cookie).toContain("SameSite=Lax");
    const headers = { cookie: cookie.split(";")[0] ?? "", "content-type": "application/json" };
    const body = JSON.stringify({ slug: "from-browser" });
    const foreign = { ...headers, origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    const post = (extra: Record<string, string>) =>
      polaris.call("/projects", { method: "POST", as: null, headers: extra, body });
    expect((await post(foreign)).status).toBe(403);
    const own = { ...headers, "sec-fetch-site": "same-origin" };
    expect((await post(own)).status).toBe(201);
    const out = await polaris.call("/auth/signout", { method: "POST", as: null, headers: own });
    expect(out.status).toBe(303);
    expect((await polaris.call("/projects", { as: null, headers: own })).status).toBe(401);
  });

  test("a one-time link works once, and never leads to another host (F1)", async () => {
    const code = await invite();
    // A chat's link preview looks first; it must not use the link up.
    const preview = await polaris.call(`/claim?code=${code}`, { as: null });
    expect(preview.status).toBe(200);
    expect(preview.headers.get("set-cookie")).toBeNull();
    const open = (next: string) =>
      polaris.call(`/claim?code=${code}&next=${next}`, { as: null, headers: PERSON });
    expect((await open("//evil.example")).headers.get("location")).toBe("/app");
    expect((await open("/app")).status).toBe(410);
  });

  test("a server with an owner gives no claim link, and without its machine's key nobody asks", async () => {
    const asked = await polaris.call("/auth/claims", { method: "POST", as: polaris.localKey });
    expect(asked.status).toBe(409);
  });

  test("only hashes of secrets are stored", async () => {
    const dump = await polaris.database.admin`
      select to_json(t)::text as row from api_tokens t union all select to_json(d)::text from devices d`;
    expect(dump.length).toBeGreaterThan(1);
    for (const { row } of dump) {
      expect(row).not.toContain(polaris.token);
      expect(row).not.toMatch(/pol_[a-z]_/);
    }
  });
});

const TABLES = [
  "projects",
  "sessions",
  "events",
  "sources",
  "event_text",
  "text_cursors",
  "participants",
  "memberships",
  "links",
  "devices",
  "refresh_tokens",
  "api_tokens",
  "project_members",
  "audit",
  "injections",
  "listeners",
  "sign_ins",
  "grants",
];

describe("row-level security is a second wall", () => {
  test("no organisation set, or another one: no rows, whatever the query says", async () => {
    const machine = startMachine({ project: "wall" });
    await polaris.ingest([machine.head(), machine.line()]);
    for (const table of TABLES) {
      const open = await polaris.db.sql.unsafe(`select count(*)::int as rows from ${table}`);
      expect(open[0]?.rows).toBe(0);
      const foreign = await polaris.db.as(crypto.randomUUID(), (tx) =>
        tx.unsafe(`select count(*)::int as rows from ${table}`),
      );
      expect(foreign[0]?.rows).toBe(0);
    }
    const own = await polaris.db.as(
      polaris.caller.org,
      (tx) => tx`select count(*)::int as rows from events`,
    );
    expect(own[0]?.rows).toBeGreaterThan(0);
  });

  test("every table with an organisation has it, forced, and the server is no superuser", async () => {
    const tables: { relname: string; walled: boolean }[] = await polaris.database.admin`
      select c.relname, c.relrowsecurity and c.relforcerowsecurity as walled
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'org_id'
      where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace`;
    expect(tables.filter((table) => !table.walled)).toEqual([]);
    expect(tables.length).toBeGreaterThanOrEqual(8);
    const [role] = await polaris.db.sql`
      select rolsuper or rolbypassrls as exempt from pg_roles where rolname = current_user`;
    expect(role?.exempt).toBe(false);
  });
});

describe("projects and sessions (J1, J3)", () => {
  test("a project is made once and found by its slug", async () => {
    const made = await polaris.post("/projects", { slug: "etl", name: "ETL" });
    expect(made.status).toBe(201);
    const again = await polaris.post("/projects", { slug: "etl" });
    expect(again.status).toBe(200);
    expect(await polaris.json<Project>("/projects/etl")).toMatchObject({
      slug: "etl",
      name: "ETL",
      sessions: 0,
    });
    expect((await polaris.call("/projects/nothing-here")).status).toBe(404);
  });

  test("what a slug may not be makes no project, whichever address it stands in", async () => {
    const event = { sender: "user:manu", kind: "notice", text: "hello" };
    for (const slug of ["Hello%20World!", "a%00b", "%E0%A4%A"]) {
      const refused = await polaris.post(`/projects/${slug}/sessions/s-1/events`, event);
      expect(refused.status).toBe(400);
      expect(await refused.json()).toMatchObject({ error: { code: "invalid_input" } });
    }
  });

  test("NUL and half surrogate pairs in a name are stored readable (A6)", async () => {
    const odd = await polaris.post("/projects", '{"slug":"odd-name","name":"a\\u0000b \\ud83d"}');
    expect(odd.status).toBe(201);
    const { name } = await polaris.json<Project>("/projects/odd-name");
    expect(name).toBe("a\u2400b \ufffd");
  });

  test("a session gets a drawn name, or the one that was asked for", async () => {
    const drawn = (await (await polaris.post("/projects/etl/sessions", {})).json()) as Session;
    expect(drawn.name).toMatch(/^s-[0-9a-f]{4}$/);
    expect(drawn.driver).toBe("user:manu");
    const named = await polaris.post("/projects/etl/sessions", {
      name: "fix-retry",
      agent: "agent:codex",
    });
    expect(named.status).toBe(201);
    expect(await polaris.json("/projects/etl/sessions/fix-retry")).toMatchObject({
      agent: "agent:codex",
      state: "idle",
    });
  });

  test("lists come in pages, each item once", async () => {
    for (let n = 0; n < 25; n++) await polaris.post("/projects/pages/sessions", { name: `n-${n}` });
    const names: string[] = [];
    for (let cursor = ""; ; ) {
      const page = await polaris.json<Page<Session>>(
        `/projects/pages/sessions?limit=10${cursor && `&cursor=${cursor}`}`,
      );
      names.push(...page.items.map((session) => session.name));
      if (!page.next) break;
      cursor = page.next;
    }
    expect(names.length).toBe(25);
    expect(new Set(names).size).toBe(25);
    const wrong = await polaris.call("/projects/pages/sessions?cursor=nonsense");
    expect(await wrong.json()).toMatchObject({ error: { code: "invalid_cursor" } });
  });

  test("history is paged from both ends", async () => {
    const machine = startMachine({ project: "long" });
    await polaris.ingest([machine.head(), ...Array.from({ length: 12 }, () => machine.line())]);
    const path = "/projects/long/sessions/s-0001/messages";
    const last = await polaris.json<Page<StoredEvent>>(`${path}?before=13&limit=5`);
    expect(last.items.map((event) => event.seq)).toEqual([8, 9, 10, 11, 12]);
    const first = await polaris.json<Page<StoredEvent>>(`${path}?limit=5`);
    expect(first.items.map((event) => event.seq)).toEqual([1, 2, 3, 4, 5]);
    expect(first.next).toBe("5");
    const kinds = await polaris.json<Page<StoredEvent>>(`${path}?kinds=agent.message`);
    expect(kinds.items).toEqual([]);
  });

  test("one drives at a time: claim, handoff, claim", async () => {
    await polaris.post("/projects/etl/sessions", { name: "seat" });
    const path = "/projects/etl/sessions/seat";
    const taken = await polaris.post(`${path}/driver`, { driver: "user:krishna" });
    expect(taken.status).toBe(409);
    expect(await taken.json()).toMatchObject({
      error: { code: "seat_taken", message: expect.stringContaining("user:manu") },
    });
    expect(
      ((await (await polaris.post(`${path}/handoff`, {})).json()) as Session).driver,
    ).toBeNull();
    expect(
      ((await (await polaris.post(`${path}/driver`, { driver: "user:krishna" })).json()) as Session)
        .driver,
    ).toBe("user:krishna");
    const events = await polaris.messages(path);
    expect(events.map((event) => [event.kind, event.body.driver])).toEqual([
      ["driver.changed", null],
      ["driver.changed", "user:krishna"],
    ]);
  });

  test("an injection is queued as an event for its session", async () => {
    await polaris.post("/projects/etl/sessions", { name: "advised" });
    const queued = await polaris.post("/projects/etl/sessions/advised/inject", {
      text: "use RS256",
    });
    expect(queued.status).toBe(202);
    const { id } = (await queued.json()) as { id: string };
    const [event] = await polaris.messages("/projects/etl/sessions/advised");
    expect(event).toMatchObject({
      id,
      kind: "injection.queued",
      text: "use RS256",
      sender: "user:manu",
    });
    expect((await polaris.post("/projects/etl/sessions/advised/inject", { text: "" })).status).toBe(
      400,
    );
  });
});

describe("posting events to a session (J1)", () => {
  const path = "/projects/posted/sessions/direct/events";

  test("our envelope, one or a list, and the same id twice is one row", async () => {
    const event = {
      id: crypto.randomUUID(),
      sender: "agent:claude",
      kind: "agent.message",
      text: "done",
    };
    expect((await polaris.post(path, event)).status).toBe(201);
    expect(
      (
        await polaris.post(path, [
          event,
          { sender: "user:priya", kind: "user.message", text: "thanks" },
        ])
      ).status,
    ).toBe(201);
    expect((await polaris.post(path, event)).status).toBe(200);
    const events = await polaris.messages("/projects/posted/sessions/direct");
    expect(events.map((item) => [item.sender, item.text])).toEqual([
      ["agent:claude", "done"],
      ["user:priya", "thanks"],
    ]);
  });

  test.each([
    ["{bad", 400, "invalid_json"],
    ["[]", 200, undefined],
    ["null", 400, "invalid_input"],
    ['"text"', 400, "invalid_input"],
    ['{"kind":"user.message"}', 400, "invalid_input"],
    ['{"sender":"nobody","kind":"user.message"}', 400, "invalid_input"],
    ['{"sender":"user:manu","payload":"text"}', 400, "invalid_input"],
  ])("%s is answered with %d", async (body, status, code) => {
    const response = await polaris.post(path, body);
    expect(response.status).toBe(status);
    if (code) expect(await response.json()).toMatchObject({ error: { code } });
  });
});

test("search finds words of prompts soon after they are stored, newest first", async () => {
  const machine = startMachine({ project: "search" });
  await polaris.ingest([
    machine.head(),
    machine.line({ text: "rotate the signing key" }),
    machine.line({ text: "nothing of the kind" }),
    machine.line({ kind: "agent.message", text: "The signing key was rotated." }),
    machine.line({ kind: "tool.result", text: "signing key in tool output" }),
  ]);
  const hits = await until(async () => {
    const page = await polaris.json<Page<StoredEvent>>("/search?project=search&q=signing+key");
    return page.items.length > 0 && page.items;
  });
  expect(hits.map((event) => event.seq)).toEqual([3, 1]);
  const none = await polaris.json<Page<StoredEvent>>("/search?project=search&q=signing+-key");
  expect(none.items).toEqual([]);
});

test("health says the process lives, readiness that the database answers (I8)", async () => {
  expect(await polaris.json("/healthz", { as: null })).toEqual({ ok: true, version: "test" });
  expect((await polaris.call("/readyz", { as: null })).status).toBe(200);
});

test("an unknown address and a wrong method are clear errors", async () => {
  expect(await polaris.json("/nothing")).toMatchObject({ error: { code: "not_found" } });
});
