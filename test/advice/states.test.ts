import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { uuid5 } from "../../src/lib/uuid.ts";
import type { Injection } from "../../src/wire/injection.ts";
import type { Page } from "../../src/wire/session.ts";
import { startMachine } from "../helpers/polaris.ts";
import { type Advice, startAdvice } from "./world.ts";

let world: Advice;
beforeAll(async () => {
  world = await startAdvice();
});
afterAll(() => world[Symbol.asyncDispose]());

type Told = [kind: string, more?: { body?: object; text?: string }];
const SOCKET = { body: { route: "socket" } };
const SEEN = { body: { route: "socket", evidence: "transcript" } };

describe("C4: a receipt says where advice stands", () => {
  test.each<[string, Told[], Partial<Injection>]>([
    ["queued, until a machine has it", [], { state: "queued", route: null, deliveredAt: null }],
    ["delivered by a route", [["delivered", SOCKET]], { state: "delivered", route: "socket" }],
    [
      "seen by evidence",
      [
        ["delivered", SOCKET],
        ["seen", SEEN],
      ],
      { state: "seen", route: "socket" },
    ],
    [
      "answered, with the answer",
      [
        ["delivered", SOCKET],
        ["seen", SEEN],
        ["answered", { text: "Done: RS256." }],
      ],
      { state: "answered", answer: "Done: RS256." },
    ],
    [
      "answered at once, where the agent asked its inbox",
      [["answered", { text: "Yes.", body: { route: "inbox" } }]],
      { state: "answered", answer: "Yes.", route: "inbox" },
    ],
    [
      "failed, with the reason",
      [
        ["delivered", SOCKET],
        ["failed", { body: { reason: "The agent gave no sign of it." } }],
      ],
      { state: "failed", reason: "The agent gave no sign of it." },
    ],
    [
      "delivered by another route after the first gave no proof",
      [
        ["delivered", SOCKET],
        ["delivered", { body: { route: "hook" } }],
      ],
      { state: "delivered", route: "hook" },
    ],
    [
      "seen, when a failure turns out wrong",
      [
        ["failed", { body: { reason: "no sign" } }],
        ["seen", SEEN],
      ],
      { state: "seen", reason: null },
    ],
    [
      "no step back: what was seen is neither delivered nor failed again",
      [
        ["seen", SEEN],
        ["delivered", { body: { route: "hook" } }],
        ["failed", { body: { reason: "late" } }],
      ],
      { state: "seen", reason: null, route: "socket" },
    ],
  ])("%s", async (_, told, wanted) => {
    const { id, status } = await world.inject("Use RS256 for the tokens.");
    expect(status).toBe(202);
    for (const [kind, more] of told) {
      const { answer } = await world.report(
        kind,
        { injection: id, ...more?.body },
        more?.text ? { text: more.text } : {},
      );
      expect(answer).toMatchObject({ stored: 1, refused: [] });
    }
    expect(await world.injection(id)).toMatchObject(wanted);
    expect(await world.steps(id)).toEqual(["queued", ...told.map(([kind]) => kind)]);
  });

  test("advice is an event with who, role and door; its id is that of the injection", async () => {
    const { id } = await world.inject("Look at the tests.", { via: "cli" }, world.krishna);
    const event = (await world.messages(world.path)).find((each) => each.id === id);
    expect(event).toMatchObject({
      kind: "injection.queued",
      sender: "user:krishna",
      text: "Look at the tests.",
      // What a browser sends came by the web, whatever it says.
      body: { from: "user:krishna", name: "krishna", role: "member", via: "web" },
    });
    const own = await world.inject("A note to my own agent.");
    const mine = (await world.messages(world.path)).find((each) => each.id === own.id);
    expect(mine?.body).toMatchObject({ role: "driver", via: "api", name: "Manu" });
  });

  test("a session's advice is listed, newest first, in pages, by state", async () => {
    const { id } = await world.inject("The newest.");
    const list = (query: string) =>
      world.json<Page<Injection>>(`${world.path}/injections?${query}`);
    const first = await list("limit=2");
    expect(first.items[0]?.id).toBe(id);
    const second = await list(`limit=2&cursor=${first.next}`);
    expect(new Set([...first.items, ...second.items].map((each) => each.id)).size).toBe(4);
    const seen = await list("state=seen,answered");
    expect(new Set(seen.items.map(({ state }) => state))).toEqual(new Set(["seen", "answered"]));
    expect((await world.call(`${world.path}/injections?state=lost`)).status).toBe(400);
  });
});

describe("C4: exactly once", () => {
  test("the same id sent again is the same injection, also when both are on their way at once", async () => {
    const id = crypto.randomUUID();
    const sent = await Promise.all(
      Array.from({ length: 8 }, () => world.inject("Only once.", { id })),
    );
    expect(new Set(sent.map((each) => `${each.status} ${each.id}`))).toEqual(
      new Set([`202 ${id}`]),
    );
    expect(await world.steps(id)).toEqual(["queued"]);
    const taken = await world.inject("Only once.", { id }, world.krishna);
    expect([taken.status, taken.error?.code]).toEqual([409, "conflict"]);
  });

  test("a repeated report is one event and moves nothing twice", async () => {
    const { id } = await world.inject("Once more.");
    const event = { id: uuid5(id, "injection.answered"), text: "Yes." };
    for (const stored of [1, 0, 0]) {
      const { answer } = await world.report("answered", { injection: id }, event);
      expect(answer).toMatchObject({ stored, refused: [] });
    }
    expect(await world.injection(id)).toMatchObject({ state: "answered", answer: "Yes." });
    expect(await world.steps(id)).toEqual(["queued", "answered"]);
  });
});

describe("C4: recall and edit until delivered", () => {
  const change = (method: string, id: string, body?: object) =>
    world.call(`${world.path}/injections/${id}`, {
      method,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });

  test("other words, then taken back; every step is an event and in the audit", async () => {
    const { id } = await world.inject("Use HS256.");
    expect(await (await change("PATCH", id, { text: "Use RS256." })).json()).toMatchObject({
      text: "Use RS256.",
      state: "queued",
    });
    for (const _ of [1, 2]) {
      const recalled = await change("DELETE", id);
      expect([recalled.status, ((await recalled.json()) as Injection).state]).toEqual([
        200,
        "recalled",
      ]);
    }
    expect(await world.steps(id)).toEqual(["queued", "edited", "recalled"]);
    const audit = await world.json<Page<{ action: string; detail: { id?: string } }>>(
      "/audit?target=etl/s-0001&limit=200",
    );
    const acts = audit.items.filter(({ detail }) => detail.id === id).map(({ action }) => action);
    expect(acts).toEqual(["injection.recalled", "injection.edited", "injection.queued"]);
    expect(JSON.stringify(audit)).not.toContain("RS256");
    const late = await change("PATCH", id, { text: "Use ES256." });
    expect([late.status, await late.json()]).toMatchObject([
      409,
      { error: { message: "It was taken back before." } },
    ]);
  });

  test("what could not be delivered waits at its machine for a chance, and is taken back until then", async () => {
    const { id } = await world.inject("Use HS256.");
    await world.report("failed", { injection: id, reason: "Nothing of Polaris runs there now." });
    expect((await change("PATCH", id, { text: "Use RS256." })).status).toBe(409);
    const recalled = await change("DELETE", id);
    expect(await recalled.json()).toMatchObject({ state: "recalled" });
    expect(await world.steps(id)).toEqual(["queued", "failed", "recalled"]);
    const given = await world.inject("Use RS256.");
    await world.report("delivered", { injection: given.id, route: "socket" });
    await world.report("failed", { injection: given.id, reason: "The agent gave no sign of it." });
    expect((await change("DELETE", given.id)).status).toBe(409);
  });

  test("once delivered it is too late, and the sender is told so", async () => {
    const { id } = await world.inject("Use HS256.");
    await world.report("delivered", { injection: id, route: "socket" });
    for (const answer of [
      await change("PATCH", id, { text: "Use RS256." }),
      await change("DELETE", id),
    ]) {
      expect([answer.status, await answer.json()]).toMatchObject([
        409,
        { error: { code: "conflict", message: "Too late: the agent has it already." } },
      ]);
    }
    expect(await world.steps(id)).toEqual(["queued", "delivered"]);
  });

  test("an edit that crosses the delivery: the receipt shows the words that the agent has", async () => {
    const { id } = await world.inject("first");
    for (const text of ["second", "third"]) await change("PATCH", id, { text });
    await world.report("delivered", { injection: id, route: "socket", edits: 1 });
    expect(await world.injection(id)).toMatchObject({ state: "delivered", text: "second" });
    await world.report("seen", { injection: id, route: "socket", edits: 1 });
    expect(await world.injection(id)).toMatchObject({ state: "seen", text: "second" });
    const other = await world.inject("first");
    await change("PATCH", other.id, { text: "second" });
    await world.report("delivered", { injection: other.id, route: "socket", edits: 1 });
    expect(await world.injection(other.id)).toMatchObject({ state: "delivered", text: "second" });
  });

  test("only who sent it changes it; an admin may take it back", async () => {
    const { id } = await world.inject("From krishna.", {}, world.krishna);
    const priya = world.as(world.priya);
    const at = `${world.path}/injections/${id}`;
    expect((await priya.send("DELETE", at)).status).toBe(403);
    expect((await priya.send("PATCH", at, { text: "From priya." })).status).toBe(403);
    expect((await change("PATCH", id, { text: "From an admin." })).status).toBe(403);
    expect((await change("DELETE", id)).status).toBe(200);
  });

  test("recall and delivery that meet are one after the other, and evidence wins", async () => {
    for (let round = 0; round < 10; round++) {
      const { id } = await world.inject(`round ${round}`);
      const [recalled, delivered] = await Promise.all([
        change("DELETE", id),
        world.report("delivered", { injection: id, route: "socket" }),
      ]);
      expect(delivered.answer.stored).toBe(1);
      expect((await world.injection(id)).state).toBe("delivered");
      // Either it came in time and the delivery was stronger, or it was told that it came too late.
      const steps = await world.steps(id);
      expect(steps).toEqual(
        recalled.status === 200 ? ["queued", "recalled", "delivered"] : ["queued", "delivered"],
      );
      await world.report("seen", { injection: id, route: "socket", evidence: "hook" });
      expect((await world.injection(id)).state).toBe("seen");
    }
  });
});

describe("C4: who may report", () => {
  const seen = (id: string, more: object = {}) => ({
    sender: "agent:claude",
    kind: "injection.seen",
    body: { injection: id, route: "socket" },
    ...more,
  });

  test("a report on another session's advice is refused, and the rest of its batch is taken", async () => {
    const { id } = await world.inject("For the first session.");
    const other = startMachine({ project: "etl", name: "s-0002" });
    const { answer } = await world.ingest([
      other.head(),
      other.line(),
      other.line({ kind: "injection.seen", body: { injection: id } }),
      other.line(),
    ]);
    expect(answer).toMatchObject({
      stored: 2,
      acked: { [other.session]: 3 },
      refused: [{ line: 2, pos: 2, code: "forbidden" }],
    });
    expect(await world.injection(id)).toMatchObject({ state: "queued" });
  });

  test("the driver's programs and the agent may, a browser, a teammate and another machine may not", async () => {
    const { id } = await world.inject("Seen by whom?");
    const events = `${world.path}/events`;
    const { secret } = await world.krishna.token();
    const by = (as: string) =>
      world.call(events, { method: "POST", as, body: JSON.stringify(seen(id)) });
    expect((await by(secret)).status).toBe(403);
    expect((await world.as(world.krishna).send("POST", events, seen(id))).status).toBe(403);
    const stranger = startMachine({ project: "etl", name: "s-0001" });
    const { head } = stranger;
    const { answer } = await world.ingest([
      head({ id: world.machine.session }),
      stranger.line({
        session: world.machine.session,
        kind: "injection.seen",
        body: { injection: id },
      }),
    ]);
    // user:manu drives and signed this machine in; krishna's machine is a stranger.
    expect(answer.refused).toEqual([]);
    const next = await world.inject("And now?");
    const theirs = await world.call("/ingest", {
      method: "POST",
      as: secret,
      headers: { "content-type": "application/x-ndjson" },
      body: [
        startMachine({ project: "etl" }).head({ id: world.machine.session }),
        stranger.line({
          session: world.machine.session,
          kind: "injection.seen",
          body: { injection: next.id },
        }),
      ].join("\n"),
    });
    expect(await theirs.json()).toMatchObject({ stored: 0, refused: [{ code: "forbidden" }] });
    expect(await world.injection(next.id)).toMatchObject({ state: "queued" });
    expect((await by(world.token)).status).toBe(201);
  });

  test.each(["injection.queued", "injection.recalled", "injection.expired", "driver.changed"])(
    "%s is written by the server alone, whatever comes in",
    async (kind) => {
      const posted = await world.post(`${world.path}/events`, {
        sender: "user:priya",
        kind,
        text: "forged",
        body: { driver: "user:priya", injection: crypto.randomUUID() },
      });
      expect(posted.status).toBe(403);
      const { answer } = await world.ingest([
        world.machine.head(),
        world.machine.line({ kind, body: { driver: "user:priya" } }),
      ]);
      expect(answer).toMatchObject({ stored: 0, refused: [{ code: "forbidden" }] });
      expect(await world.json(world.path)).toMatchObject({ driver: "user:manu" });
    },
  );
});
