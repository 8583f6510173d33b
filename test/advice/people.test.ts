import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { AuditRow } from "../../src/wire/audit.ts";
import type { Joined, Page, Project, Session } from "../../src/wire/session.ts";
import { type Person, person } from "../helpers/people.ts";
import { startMachine, startPolaris } from "../helpers/polaris.ts";
import { type Advice, startAdvice } from "./world.ts";

let world: Advice;
beforeAll(async () => {
  world = await startAdvice();
});
afterAll(() => world[Symbol.asyncDispose]());

const audited = async (action: string): Promise<unknown[]> => {
  const { items } = await world.json<Page<AuditRow>>(`/audit?action=${action}&limit=50`);
  return items.reverse().map(({ actor, target, detail }) => [actor, target, detail]);
};

describe("C5: who may advise", () => {
  const setting = (advice: string) =>
    world.call("/projects/etl", { method: "PATCH", body: JSON.stringify({ advice }) });
  const tries = async (who?: Person) => {
    const { status, error } = await world.inject("advice", {}, who);
    return error ? `${status} ${error.message}` : status;
  };

  test("a project takes advice of its members, of those on its list, or of nobody", async () => {
    expect(await world.json<Project>("/projects/etl")).toMatchObject({ advice: "members" });
    expect(await tries(world.krishna)).toBe(202);
    expect((await setting("everyone")).status).toBe(400);
    expect(await (await setting("linked")).json()).toMatchObject({ advice: "linked" });
    const refused = "403 Only people on this project's list may advise here.";
    expect(await tries(world.krishna)).toBe(refused);
    expect(await tries()).toBe(202);
    await world.call("/projects/etl/members/user:krishna", { method: "PUT" });
    expect(await tries(world.krishna)).toBe(202);
    expect(await tries(world.priya)).toBe(refused);
    await setting("off");
    for (const who of [undefined, world.krishna, world.priya]) {
      expect(await tries(who)).toBe("403 This project takes no advice.");
    }
    const outsider = await world.as(world.priya).send("PATCH", "/projects/etl", { advice: "off" });
    expect(outsider.status).toBe(403);
    await setting("members");
    expect(await tries(world.priya)).toBe(202);
    expect(await audited("project.advice")).toEqual([
      ["user:manu", "etl", { from: "members", to: "linked" }],
      ["user:manu", "etl", { from: "linked", to: "off" }],
      ["user:manu", "etl", { from: "off", to: "members" }],
    ]);
  });

  test("the driver mutes a session: nobody else advises it then, and everybody sees why", async () => {
    await world.post("/projects/etl/sessions", { name: "quiet" });
    const quiet = "/projects/etl/sessions/quiet";
    const mute = (muted: boolean) => world.post(`${quiet}/mute`, { muted });
    const theirs = await world.as(world.krishna).send("POST", `${quiet}/mute`, { muted: true });
    expect(theirs.status).toBe(409);
    for (const _ of [1, 2]) expect(await (await mute(true)).json()).toMatchObject({ muted: true });
    const advise = (who: Person) => world.as(who).send("POST", `${quiet}/inject`, { text: "hey" });
    const refused = await advise(world.krishna);
    expect([refused.status, await refused.json()]).toMatchObject([
      403,
      { error: { message: "user:manu wants no advice here now." } },
    ]);
    expect((await world.post(`${quiet}/inject`, { text: "my own" })).status).toBe(202);
    await mute(false);
    expect((await advise(world.krishna)).status).toBe(202);
    const kinds = (await world.messages(quiet)).map(({ kind }) => kind);
    expect(kinds).toEqual([
      "advice.muted",
      "injection.queued",
      "advice.unmuted",
      "injection.queued",
    ]);
    expect(await audited("advice.muted")).toEqual([["user:manu", "etl/quiet", {}]]);
  });

  test("whoever sends much waits, and is told how long; others do not", async () => {
    await using busy = await startPolaris({ rates: { advice: 3 } });
    const machine = startMachine({ project: "etl" });
    await busy.ingest([machine.head(), machine.line()]);
    const krishna = await person(busy.db, busy.caller.org, "krishna", "member");
    const path = "/projects/etl/sessions/s-0001/inject";
    const send = () => busy.post(path, { text: "again" });
    for (let n = 0; n < 3; n++) expect((await send()).status).toBe(202);
    const refused = await send();
    expect(refused.status).toBe(429);
    const wait = Number(refused.headers.get("retry-after"));
    expect(wait).toBeGreaterThan(50);
    expect(wait).toBeLessThanOrEqual(60);
    expect(await refused.json()).toMatchObject({ error: { code: "rate_limited" } });
    const other = await busy.call(path, {
      method: "POST",
      as: null,
      headers: krishna.headers,
      body: JSON.stringify({ text: "mine" }),
    });
    expect(other.status).toBe(202);
  });

  test("a session where fifty wait takes no more until some are seen", async () => {
    await world.post("/projects/etl/sessions", { name: "full" });
    const path = "/projects/etl/sessions/full/inject";
    for (let n = 0; n < 50; n++) expect((await world.post(path, { text: "x" })).status).toBe(202);
    const refused = await world.post(path, { text: "one too many" });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "30"]);
  });
});

describe("B2: one drives at a time", () => {
  let made = 0;
  /** A session of its own, driven by user:manu. */
  async function seat() {
    const name = `seat-${++made}`;
    await world.post("/projects/etl/sessions", { name });
    const path = `/projects/etl/sessions/${name}`;
    const send = async (who: Person | undefined, act: string, body: object = {}) => {
      const response = who
        ? await world.as(who).send("POST", `${path}/${act}`, body)
        : await world.post(`${path}/${act}`, body);
      const json = (await response.json()) as Session & {
        error?: { code: string; message: string };
      };
      return json.error ? `${response.status} ${json.error.code}` : json.driver;
    };
    const told = async () =>
      (await world.messages(path))
        .filter(({ kind }) => kind === "driver.changed")
        .map(({ sender, body }) => [sender, body]);
    return { name, path, send, told };
  }

  test("release, claim, transfer: who did it and who drives stay apart", async () => {
    const { send, told, name } = await seat();
    expect(await send(world.krishna, "driver")).toBe("409 seat_taken");
    expect(await send(world.krishna, "handoff")).toBe("409 seat_taken");
    expect(await send(undefined, "handoff")).toBeNull();
    expect(await send(undefined, "handoff")).toBeNull();
    expect(await send(world.krishna, "driver")).toBe("user:krishna");
    expect(await send(world.krishna, "driver")).toBe("user:krishna");
    expect(await send(world.krishna, "handoff", { to: "user:priya" })).toBe("user:priya");
    expect(await send(world.krishna, "driver")).toBe("409 seat_taken");
    expect(await send(world.priya, "handoff", { to: "user:nobody" })).toBe("400 invalid_input");
    expect(await told()).toEqual([
      ["user:manu", { driver: null, from: "user:manu" }],
      ["user:krishna", { driver: "user:krishna" }],
      ["user:krishna", { driver: "user:priya", from: "user:krishna" }],
    ]);
    const rows = await audited("driver.changed");
    expect(rows.filter((row) => JSON.stringify(row).includes(`etl/${name}"`))).toEqual([
      ["user:manu", `etl/${name}`, { from: "user:manu", to: null }],
      ["user:krishna", `etl/${name}`, { from: null, to: "user:krishna" }],
      ["user:krishna", `etl/${name}`, { from: "user:krishna", to: "user:priya" }],
    ]);
  });

  test("only an admin takes it by force or seats somebody else, and the audit keeps that", async () => {
    const { send, told, name } = await seat();
    await send(undefined, "handoff", { to: "user:priya" });
    expect(await send(world.krishna, "driver", { force: true })).toBe("403 forbidden");
    expect(await send(world.krishna, "handoff", { force: true })).toBe("403 forbidden");
    expect(await send(undefined, "driver")).toBe("409 seat_taken");
    expect(await send(undefined, "driver", { force: true })).toBe("user:manu");
    expect(await send(undefined, "handoff")).toBeNull();
    expect(await send(world.krishna, "driver", { driver: "user:priya" })).toBe("403 forbidden");
    expect(await send(undefined, "driver", { driver: "user:priya" })).toBe("user:priya");
    expect((await told())[1]).toEqual([
      "user:manu",
      { driver: "user:manu", from: "user:priya", forced: true },
    ]);
    expect(await audited("driver.changed")).toContainEqual([
      "user:manu",
      `etl/${name}`,
      { from: "user:priya", to: "user:manu", forced: true },
    ]);
  });

  test("of many that claim an open seat at once one gets it", async () => {
    const { send, told } = await seat();
    await send(undefined, "handoff");
    const people = [world.krishna, world.priya, undefined];
    const got = await Promise.all([...people, ...people].map((who) => send(who, "driver")));
    const [winner] = new Set(got.filter((each) => each?.startsWith("user:")));
    expect(got.filter((each) => each === "409 seat_taken")).toHaveLength(4);
    expect(got.filter((each) => each === winner)).toHaveLength(2);
    expect(await told()).toHaveLength(2);
  });

  test("who joins a session by name takes the free seat; of a taken one they become advisor", async () => {
    const { name, send } = await seat();
    const join = async (who: Person, body: object = {}) => {
      const response = await world
        .as(who)
        .send("POST", "/projects/etl/sessions", { name, ...body });
      return (await response.json()) as Joined;
    };
    expect(await join(world.krishna)).toMatchObject({
      driver: "user:manu",
      role: "advisor",
      message: `user:manu drives "${name}"; you advise: polaris inject etl/${name} "…".`,
    });
    await send(undefined, "handoff");
    expect(await join(world.krishna, { driver: null })).toMatchObject({
      driver: null,
      role: "advisor",
      message: expect.stringContaining("The seat is open"),
    });
    expect(await join(world.krishna)).toMatchObject({ driver: "user:krishna", role: "driver" });
    expect(await join(world.krishna)).toMatchObject({ role: "driver" });
    expect(await join(world.priya)).toMatchObject({ driver: "user:krishna", role: "advisor" });
  });
});
