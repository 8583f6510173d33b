import { expect, test } from "bun:test";
import { startServer } from "./server.ts";
import { hook, line, makeWorld, say, startHere, until, type World } from "./world.ts";

async function recording(world: World) {
  const daemon = await startHere(world);
  await world.link();
  await world.begin();
  return daemon;
}

const failing =
  (status: number, headers: Record<string, string> = {}) =>
  () =>
    Response.json(
      { error: { code: "internal", message: `said ${status}`, hint: "" } },
      { status, headers },
    );

const numbers = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => line(`n${from + i}`));

// promise: server-away
test("A8: what is recorded while the server is down reaches it in order once it is back, once", async () => {
  await using world = makeWorld();
  world.server.setTrouble(failing(503));
  await using _daemon = await recording(world);
  say(world.transcript(), ...numbers(3_000));
  await until(async () => (await world.status()).journal.pending === 3_001);
  const { server } = await until(async () => {
    const status = await world.status();
    return status.server.error ? status : undefined;
  });
  expect(server).toMatchObject({ state: "waiting", error: "said 503" });
  world.server.setTrouble(undefined);
  await world.drained();
  expect(world.server.texts().slice(1)).toEqual(numbers(3_000).map(({ text }) => text));
  expect(Math.max(...world.server.batches)).toBeLessThanOrEqual(500);
  expect((await world.status()).server.state).toBe("connected");
}, 30_000);

test("A8: an answer that gets lost on its way makes nothing twice", async () => {
  await using world = makeWorld();
  await using _daemon = await recording(world);
  await world.drained();
  let lost = 0;
  // The server has stored the batch; the machine hears an error.
  world.server.setTrouble((request, body) => {
    if (lost++ > 0) return undefined;
    world.server.setTrouble(undefined);
    void fetch(request.url, { method: "POST", headers: request.headers, body });
    return new Response("gone", { status: 502 });
  });
  say(world.transcript(), ...numbers(10));
  await until(() => world.server.order.length === 11);
  await world.drained();
  expect(world.server.texts().slice(1)).toEqual(numbers(10).map(({ text }) => text));
});

test("A8: a network's sign-in page that answers 200 is no acknowledgement", async () => {
  await using world = makeWorld();
  world.server.setTrouble(
    () => new Response("<html>Welcome to the hotel", { headers: { "content-type": "text/html" } }),
  );
  await using _daemon = await recording(world);
  await until(async () => (await world.status()).server.error?.includes("sign-in page"));
  expect((await world.status()).journal.pending).toBe(1);
  world.server.setTrouble(undefined);
  await world.drained();
  expect(world.server.order.length).toBe(1);
});

test("A8: one event the server will not take is set aside and shown; the 999 others arrive", async () => {
  await using world = makeWorld();
  world.server.setTrouble((_, body) => (body.includes("poison") ? failing(400)() : undefined));
  await using _daemon = await recording(world);
  say(world.transcript(), ...numbers(500), line("poison"), ...numbers(499, 500));
  await until(() => world.server.texts().includes("n998"), { timeoutMs: 15_000 });
  await world.drained();
  const texts = world.server.texts();
  expect(texts.filter((text) => text?.startsWith("n"))).toEqual(
    numbers(999).map(({ text }) => text),
  );
  expect(world.server.order[501]).toMatchObject({
    kind: "error",
    pos: 502,
    text: expect.stringContaining("not taken"),
  });
  expect((await world.status()).journal).toMatchObject({ pending: 0, refused: 1 });
}, 30_000);

test("A8: an event the server names as refused is kept here and never sent again", async () => {
  await using world = makeWorld();
  await using _daemon = await recording(world);
  await world.drained();
  let sent = 0;
  world.server.setTrouble((_, body) => {
    if (!body.includes("bad one")) return undefined;
    sent++;
    const [head = "{}", ...lines] = body.trim().split("\n");
    const id: string = JSON.parse(head).sessions[0].id;
    const at = lines.findIndex((text) => text.includes("bad one"));
    const pos: number = JSON.parse(lines[at] ?? "{}").pos;
    const refused = [{ line: at + 2, session: id, pos, code: "invalid_input", message: "no" }];
    return Response.json({ acked: { [id]: pos - 1 }, names: {}, stored: 0, known: 0, refused });
  });
  say(world.transcript(), line("bad one"), line("good one"));
  await until(() => world.server.texts().includes("good one"));
  await world.drained();
  expect(sent).toBe(1);
  expect((await world.status()).journal.refused).toBe(1);
});

test("A8: a server that refuses everything cannot empty the journal", async () => {
  await using world = makeWorld();
  world.server.setTrouble(failing(400));
  await using _daemon = await recording(world);
  say(world.transcript(), ...numbers(50));
  await until(async () => (await world.status()).journal.pending === 51);
  await until(async () => (await world.status()).journal.refused > 0);
  await Bun.sleep(300);
  expect((await world.status()).journal).toMatchObject({ pending: 51, refused: 1 });
});

test("A8: 413 makes batches smaller until they fit", async () => {
  await using world = makeWorld();
  world.server.setTrouble((_, body) => (body.length > 20_000 ? failing(413)() : undefined));
  await using _daemon = await recording(world);
  say(world.transcript(), ...numbers(600));
  await until(() => world.server.order.length === 601, { timeoutMs: 15_000 });
  await world.drained();
  expect((await world.status()).journal.refused).toBe(0);
}, 20_000);

test("A8: a session the server forbids does not hold up another", async () => {
  await using world = makeWorld();
  await using _daemon = await recording(world);
  await world.drained();
  world.server.setTrouble((_, body) => (body.includes("forbidden") ? failing(403)() : undefined));
  say(world.transcript(), line("forbidden"));
  await world.begin("two");
  say(world.transcript("two"), line("allowed"));
  await until(() => world.server.texts().includes("allowed"));
  await until(async () => (await world.status()).journal.pending === 1);
});

test("F3: changed credentials take effect without a restart; until then nothing is asked again", async () => {
  await using world = makeWorld();
  world.server.setToken("other");
  await using _daemon = await recording(world);
  await until(async () => (await world.status()).server.state === "signed_out");
  const asked = world.server.asked.filter((path) => path.endsWith("/ingest")).length;
  say(world.transcript(), line("kept"));
  await until(async () => (await world.status()).journal.pending === 2);
  expect(world.server.asked.filter((path) => path.endsWith("/ingest")).length).toBe(asked);
  world.signIn(world.server, "other");
  await until(() => world.server.texts().includes("kept"));
});

test("F3: a machine that is not signed in records, and sends all of it after the first sign-in", async () => {
  await using world = makeWorld({ signedIn: false });
  await using _daemon = await recording(world);
  say(world.transcript(), line("early"));
  await until(async () => (await world.status()).journal.pending === 2);
  expect((await world.status()).server.state).toBe("signed_out");
  world.signIn();
  await until(() => world.server.texts().includes("early"));
});

test("A8: a server that knows less after a restore is sent again what this machine still holds", async () => {
  await using world = makeWorld();
  await using _daemon = await recording(world);
  say(world.transcript(), ...numbers(20));
  await until(() => world.server.order.length === 21);
  await world.drained();
  world.server.forget();
  say(world.transcript(), line("after the restore"));
  await until(() => world.server.order.length === 22);
  expect(world.server.order.map(({ pos }) => pos).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 22 }, (_, i) => i + 1),
  );
  await world.drained();
});

test("B1: the server may give a session another name, which the machine then uses", async () => {
  await using world = makeWorld();
  world.server.takeName("mine");
  await using _daemon = await startHere(world);
  const { ask } = await import("../../src/machine/local.ts");
  await ask(world.place, "/join", {
    agentSession: "one",
    agent: "tiny",
    project: "site",
    name: "mine",
  });
  await until(async () => (await world.status()).bindings[0]?.name === "mine-2");
});

test("A8: Retry-After is honoured", async () => {
  await using world = makeWorld();
  const times: number[] = [];
  world.server.setTrouble(() => {
    times.push(performance.now());
    return times.length === 1 ? failing(429, { "retry-after": "1" })() : undefined;
  });
  await using _daemon = await recording(world);
  await world.drained();
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(990);
});

test("C3: advice from the server waits in the mailbox, and the stream resumes behind it", async () => {
  await using world = makeWorld();
  await using _daemon = await recording(world);
  await world.drained();
  const id = Bun.randomUUIDv7();
  const { bindings } = await world.status();
  const event = {
    id,
    seq: 7,
    kind: "injection.queued",
    session: bindings[0]?.session,
    text: "look at the tests",
  };
  await until(() => world.server.tell(7, event) > 0);
  await until(async () => (await world.status()).journal.mailbox === 1);
  await _daemon[Symbol.asyncDispose]();
  await using _again = await startHere(world);
  await until(() => world.server.asked.includes("stream after 7"), { timeoutMs: 5_000 });
  expect((await world.status()).journal.mailbox).toBe(1);
});

test("A8: the server moves to another address and nothing is lost between", async () => {
  await using world = makeWorld();
  await using other = startServer();
  await using _daemon = await recording(world);
  await world.drained();
  await world.server[Symbol.asyncDispose]();
  await world.post(
    hook({
      session: "one",
      hook: "X",
      fact: { kind: "notice", text: "while away", release: "now" },
    }),
  );
  world.signIn(other);
  await until(() => other.texts().includes("while away"), { timeoutMs: 5_000 });
});
