import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import * as audit from "../../src/core/audit.ts";
import type { Caller } from "../../src/core/caller.ts";
import { startFeed } from "../../src/core/feed.ts";
import * as history from "../../src/core/history.ts";
import { startIdentify } from "../../src/core/identify.ts";
import { post } from "../../src/core/post.ts";
import * as members from "../../src/core/project-members.ts";
import * as projects from "../../src/core/projects.ts";
import { search } from "../../src/core/search.ts";
import * as sessions from "../../src/core/sessions.ts";
import type { Db } from "../../src/db/db.ts";
import { silent } from "../../src/lib/log.ts";
import { until } from "../../src/lib/until.ts";
import { startServer } from "../../src/server/server.ts";
import type { StoredEvent } from "../../src/wire/event.ts";
import type { Page, Project, Session } from "../../src/wire/session.ts";
import { as, organisation, type Person, person } from "../helpers/people.ts";
import { type Polaris, startMachine, startPolaris } from "../helpers/polaris.ts";
import { followEvents } from "../helpers/sse.ts";

/** Two organisations that call everything by the same names: project `etl`, session `s-0001`. */
let polaris: Polaris;
const sides: Record<
  "acme" | "umbrella",
  { who: Person; machine: ReturnType<typeof startMachine> }
> = Object.create(null);

async function send(side: "acme" | "umbrella", text: string): Promise<void> {
  const { who, machine } = sides[side];
  const response = await as(polaris, who).call("/ingest", {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: [machine.head(), machine.line({ text })].join("\n"),
  });
  expect(await response.json()).toMatchObject({ stored: 1 });
}

async function get<T>(side: "acme" | "umbrella", path: string): Promise<T> {
  const { status, body } = await as(polaris, sides[side].who).get(path);
  expect([path, status]).toEqual([path, 200]);
  return JSON.parse(body) as T;
}

beforeAll(async () => {
  polaris = await startPolaris();
  for (const side of ["acme", "umbrella"] as const) {
    const org = await organisation(polaris.db, side);
    const who = await person(polaris.db, org, `manu-${side}`, "owner");
    sides[side] = { who, machine: startMachine({ project: "etl" }) };
    await send(side, `the plan of ${side}`);
  }
});
afterAll(() => polaris[Symbol.asyncDispose]());

describe("two organisations with the same names meet nowhere (F5)", () => {
  test.each([["acme"], ["umbrella"]] as const)("lists, history and search of %s", async (side) => {
    const foreign = side === "acme" ? "umbrella" : "acme";
    const list = await get<Page<Project>>(side, "/projects");
    expect(list.items.map(({ slug, sessions }) => [slug, sessions])).toEqual([["etl", 1]]);
    const page = await get<Page<Session>>(side, "/projects/etl/sessions");
    expect(page.items.map(({ id }) => id)).toEqual([sides[side].machine.session]);
    const log = await get<Page<StoredEvent>>(side, "/projects/etl/messages");
    expect(log.items.map(({ text }) => text)).toEqual([`the plan of ${side}`]);
    const found = await until(async () => {
      const { items } = await get<Page<StoredEvent>>(side, "/search?project=etl&q=plan");
      return items.length > 0 && items;
    });
    expect(found.map(({ text }) => text)).toEqual([`the plan of ${side}`]);
    const id = sides[foreign].machine.session;
    const guessed = await as(polaris, sides[side].who).get(`/projects/etl/sessions/${id}`);
    expect(guessed.status).toBe(404);
  });

  test("streams hear their own organisation, in this server and in another (NOTIFY)", async () => {
    const { db } = polaris;
    const options = {
      db,
      log: silent,
      host: "127.0.0.1",
      port: 0,
      version: "test",
      keys: polaris.keys,
    };
    await using other = await startServer(options);
    const at = (url: string, who: Person) => ({
      call: (path: string, init: RequestInit = {}) =>
        fetch(`${url}${path}`, { ...init, headers: { ...who.headers } }),
    });
    const path = "/projects/etl/events?after=0";
    await using acmeHere = await followEvents(at(polaris.url, sides.acme.who), path);
    await using acmeThere = await followEvents(at(other.url, sides.acme.who), path);
    await using umbrellaHere = await followEvents(at(polaris.url, sides.umbrella.who), path);
    await using umbrellaThere = await followEvents(at(other.url, sides.umbrella.who), path);
    for (let n = 0; n < 5; n++) await send("acme", `acme ${n}`);
    await send("umbrella", "umbrella last");
    const texts = ({ events }: { events: StoredEvent[] }) => events.map(({ text }) => text);
    const acme = ["the plan of acme", ...[0, 1, 2, 3, 4].map((n) => `acme ${n}`)];
    const umbrella = ["the plan of umbrella", "umbrella last"];
    await until(() => acmeHere.events.length === 6 && acmeThere.events.length === 6);
    await until(() => umbrellaHere.events.length === 2 && umbrellaThere.events.length === 2);
    expect([acmeHere, acmeThere, umbrellaHere, umbrellaThere].map(texts)).toEqual([
      acme,
      acme,
      umbrella,
      umbrella,
    ]);
  });
});

/**
 * The first wall taken away: every condition in the queries is the victim's own and lets all through, while the
 * transaction belongs to the attacker's organisation. Only row-level security stands.
 */
describe("row-level security holds alone (F5)", () => {
  async function breach() {
    const { who } = sides.acme;
    const cookie = who.headers.cookie.split("=")[1] ?? "";
    const victim: Caller = await startIdentify(polaris.db).identify(cookie);
    const attacker = sides.umbrella.who.org;
    const db: Db = {
      ...polaris.db,
      as: (_, work) => polaris.db.as(attacker, work),
      one: (_, work) => polaris.db.one(attacker, work),
    };
    const project = await projects.get(polaris.db, victim, "etl");
    const session = await sessions.get(polaris.db, victim, "etl", "s-0001");
    return { victim, db, project, session };
  }
  const nothing = { code: "not_found" };

  test("nothing is read", async () => {
    const { victim, db, project } = await breach();
    const limit = 100;
    expect(await projects.list(db, victim, { limit })).toEqual({ items: [], next: null });
    expect(projects.get(db, victim, "etl")).rejects.toMatchObject(nothing);
    expect(sessions.get(db, victim, "etl", "s-0001")).rejects.toMatchObject(nothing);
    expect(await sessions.list(db, victim, project, { limit })).toEqual({ items: [], next: null });
    const range = { project: project.id, limit };
    expect(await history.page(db, victim, range)).toEqual({ items: [], next: null });
    expect(history.one(db, victim, project, 1)).rejects.toMatchObject(nothing);
    expect((await search(db, victim, { q: "plan" })).items).toEqual([]);
    expect(search(db, victim, { q: "plan", project: "etl" })).rejects.toMatchObject(nothing);
    expect(members.list(db, victim, "etl")).rejects.toMatchObject(nothing);
    expect((await audit.list(db, victim.org, { limit })).items).toEqual([]);
  });

  test("nothing is written", async () => {
    const { victim, db, project, session } = await breach();
    const bell = { ring() {}, async [Symbol.asyncDispose]() {} };
    const event = {
      id: crypto.randomUUID(),
      at: new Date().toISOString(),
      sender: "user:manu",
      kind: "notice",
      body: {},
      source: { agent: "api", translator: 1, via: "api" as const },
    };
    const place = { project, session, events: [event] };
    expect(post(db, bell, victim, place)).rejects.toMatchObject(nothing);
    const wanted = { visibility: "private" as const };
    expect(projects.change(db, victim, "etl", wanted)).rejects.toMatchObject(nothing);
    const note = { org: victim.org, actor: "user:krishna", action: "test.forged" };
    const forged = db.as(victim.org, (tx) => audit.note(tx, note));
    expect(forged).rejects.toThrow(/row-level security/);
    await forged.catch(() => {});
    const { before, after } = {
      before: project.lastSeq,
      after: await get<Project>("acme", "/projects/etl"),
    };
    expect(after.lastSeq).toBe(before);
  });

  test("nothing is followed", async () => {
    const { victim, db, project } = await breach();
    await using feed = startFeed(db, silent);
    const stop = new AbortController();
    const heard: unknown[] = [];
    const following = (async () => {
      const wanted = { caller: victim, project: project.id, after: 0, signal: stop.signal };
      for await (const frames of feed.follow(wanted)) heard.push(...frames);
    })();
    await send("acme", "only acme hears this");
    feed.ring(victim.org, project.id);
    await until(async () => {
      const { items } = await get<Page<StoredEvent>>("acme", "/projects/etl/messages");
      return items.at(-1)?.text === "only acme hears this";
    });
    feed.ring(victim.org, project.id);
    // The hub has answered its bells once the transaction after them has.
    await polaris.db.as(victim.org, (tx) => tx`select 1`);
    stop.abort();
    await following;
    expect(heard).toEqual([]);
  });
});
