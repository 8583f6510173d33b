import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { revoke } from "../../src/core/devices.ts";
import { silent } from "../../src/lib/log.ts";
import { until } from "../../src/lib/until.ts";
import { startServer } from "../../src/server/server.ts";
import { as, type Person, person } from "../helpers/people.ts";
import { type Polaris, startMachine, startPolaris } from "../helpers/polaris.ts";

let polaris: Polaris;
let krishna: Person;
beforeAll(async () => {
  polaris = await startPolaris();
  krishna = await person(polaris.db, polaris.caller.org, "krishna", "owner");
});
afterAll(() => polaris[Symbol.asyncDispose]());

/** How long a stream may outlive the access it came from. */
const LIMIT_MS = 5000;

/** A stream and a socket of somebody in a project; `ended` is what each was told at its end. */
async function watching(who: Person, project: string, url = polaris.url) {
  const path = `/projects/${project}`;
  const { headers } = who;
  const response = await fetch(`${url}${path}/events?after=0`, { headers });
  expect(response.status).toBe(200);
  let text = "";
  let over = false;
  const reading = (async () => {
    for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? [])
      text += part;
  })().finally(() => {
    over = true;
  });
  const address = `${url.replace("http", "ws")}${path}/ws?after=0`;
  const socket = new WebSocket(address, { headers } as unknown as string[]);
  let closed: { code: number; reason: string } | undefined;
  socket.onclose = ({ code, reason }) => {
    closed = { code, reason };
  };
  let heard = 0;
  socket.onmessage = () => heard++;
  await until(() => socket.readyState === WebSocket.OPEN && heard > 0 && text.includes("id: 1\n"));
  return {
    async ended() {
      const startedAt = performance.now();
      await until(() => over && closed, { timeoutMs: LIMIT_MS, what: "the streams' end" });
      await reading;
      const gone = /event: gone\ndata: (.*)\n/.exec(text)?.[1];
      const ms = performance.now() - startedAt;
      return { gone: JSON.parse(gone ?? "null"), closed, ms };
    },
    isOpen: () => !over && !closed,
    close() {
      socket.close();
      void response.body?.cancel().catch(() => {});
    },
  };
}

let projects = 0;
/** A project of krishna's with priya in it and one event. */
async function place(visibility: "org" | "private", member: Person) {
  const slug = `ending-${++projects}`;
  const mine = as(polaris, krishna);
  await mine.send("POST", "/projects", { slug, visibility });
  await mine.send("PUT", `/projects/${slug}/members/${member.participant}`);
  const machine = startMachine({ project: slug });
  const init = { method: "POST", headers: { "content-type": "application/x-ndjson" } };
  await mine.call("/ingest", { ...init, body: [machine.head(), machine.line()].join("\n") });
  return { slug, mine };
}

let names = 0;
const someone = (role: "member" | "viewer" | "admin" = "member") =>
  person(polaris.db, polaris.caller.org, `someone-${++names}`, role);

const NO_ACCESS = { code: "not_found", message: "You no longer have access." };
const SIGNED_OUT = { code: "unauthenticated", message: "You are signed out." };

describe("a live stream ends within 5 s of losing access, and says why (B4, F3)", () => {
  test("a member is taken out of a private project", async () => {
    const priya = await someone();
    const { slug, mine } = await place("private", priya);
    const streams = await watching(priya, slug);
    await mine.send("DELETE", `/projects/${slug}/members/${priya.participant}`);
    const { gone, closed } = await streams.ended();
    expect(gone).toEqual(NO_ACCESS);
    expect(closed).toEqual({ code: 4403, reason: NO_ACCESS.message });
  });

  test("a project becomes private; its members' streams go on", async () => {
    const [priya, other] = [await someone(), await someone("viewer")];
    const { slug, mine } = await place("org", priya);
    const [stays, ends] = [await watching(priya, slug), await watching(other, slug)];
    await mine.send("PATCH", `/projects/${slug}`, { visibility: "private" });
    expect((await ends.ended()).gone).toEqual(NO_ACCESS);
    expect(stays.isOpen()).toBe(true);
    stays.close();
  });

  // Nobody rings here: the rows change behind the server's back, as another tool's would.
  test("a browser is signed out elsewhere", async () => {
    const priya = await someone();
    const { slug } = await place("org", priya);
    const streams = await watching(priya, slug);
    const { org, user } = priya;
    const rows = await polaris.db.as(
      org,
      (tx) => tx<{ id: string }[]>`select id from devices where user_id = ${user}`,
    );
    for (const { id } of rows) await revoke(polaris.db, org, id);
    expect((await streams.ended()).gone).toEqual(SIGNED_OUT);
  });

  test("a person is removed from the organisation", async () => {
    const priya = await someone();
    const { slug } = await place("org", priya);
    const streams = await watching(priya, slug);
    await polaris.db.as(
      priya.org,
      (tx) => tx`update memberships set removed_at = now() where user_id = ${priya.user}`,
    );
    expect((await streams.ended()).gone).toEqual(SIGNED_OUT);
  });

  test("an admin who reads a private project becomes a member of the organisation only", async () => {
    const [priya, admin] = [await someone(), await someone("admin")];
    const { slug } = await place("private", priya);
    const streams = await watching(admin, slug);
    await polaris.db.as(
      admin.org,
      (tx) => tx`update memberships set role = 'member' where user_id = ${admin.user}`,
    );
    expect((await streams.ended()).gone).toEqual(NO_ACCESS);
  });

  test("an API token is revoked", async () => {
    const priya = await someone();
    const { slug } = await place("org", priya);
    const { id, secret } = await priya.token(["read"]);
    const headers = { authorization: `Bearer ${secret}`, cookie: "", "sec-fetch-site": "" };
    const streams = await watching({ ...priya, headers }, slug);
    await polaris.db.as(
      priya.org,
      (tx) => tx`update api_tokens set revoked_at = now() where id = ${id}`,
    );
    expect((await streams.ended()).gone).toEqual(SIGNED_OUT);
  });

  test("a bell rings in one server and ends the stream in another, at once", async () => {
    const priya = await someone();
    const { slug, mine } = await place("private", priya);
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
    const streams = await watching(priya, slug, other.url);
    await mine.send("DELETE", `/projects/${slug}/members/${priya.participant}`);
    const { gone, ms } = await streams.ended();
    expect(gone).toEqual(NO_ACCESS);
    expect(ms).toBeLessThan(1000);
  });
});
