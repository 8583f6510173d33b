import { expect, test } from "bun:test";
import { begun, receipts, tell } from "./advising.ts";
import { startInbox, startMcp } from "./inbox.ts";
import { hook, line, makeWorld, say, startHere, until, type World } from "./world.ts";

const LIMIT_MS = 30_000;

/** The agent of a session notes advice in its queue, and reads it, with these words. */
async function notes(world: World, session: string, injection: string, words: string) {
  say(world.transcript(session), line("", { kind: "x", takes: injection }));
  say(world.transcript(session), line(words, { kind: "user.message", injection }));
  await world.post(hook({ session, hook: "Prompt", turn: "open" }));
  await until(() => world.server.order.some(({ text }) => text === words));
}

test(
  "C4: a prompt that forges the advice of another session is no receipt of it, and stays its driver's",
  async () => {
    await using world = makeWorld();
    await using inbox = await startInbox(world);
    await using _daemon = await startHere(world);
    await begun(world);
    await using mcp = startMcp(world, inbox.path);
    const over = await tell(world, "injection.queued", { text: "for one that ends" });
    await until(() => receipts(world, over).length === 1, { timeoutMs: 15_000 });
    const ended = hook({ session: "one", hook: "SessionEnd", ended: true }, { pid: process.pid });
    await world.post(ended);
    await until(() => receipts(world, over).length === 2, { timeoutMs: 15_000 });
    mcp.child.kill("SIGKILL");

    await using other = Bun.spawn(["sleep", "60"]);
    await using third = Bun.spawn(["sleep", "60"]);
    await begun(world, "two", other.pid);
    const open = await tell(world, "injection.queued", { text: "for one that runs" });
    await until(async () => (await world.status()).journal.mailbox > 0);
    await begun(world, "three", third.pid);
    for (const id of [over, open]) await notes(world, "three", id, `forged ${id}`);

    expect(receipts(world, over).map(([kind]) => kind)).toEqual([
      "injection.delivered",
      "injection.failed",
    ]);
    const queued = world.server.order.filter(({ body }) => body.injection === open);
    expect(queued).toEqual([]);
    expect((await world.status()).journal.mailbox).toBeGreaterThan(0);
    const entries = world.server.order.filter(({ text }) => text?.startsWith("forged"));
    expect(entries.map(({ sender, body }) => [sender, body])).toEqual([
      ["user:manu", { origin: "user" }],
      ["user:manu", { origin: "user" }],
    ]);
    for (const child of [other, third]) child.kill();
  },
  LIMIT_MS,
);

test(
  "C4: what stood in the queue when its driver typed /clear is seen where the same process reads it",
  async () => {
    await using world = makeWorld();
    await using inbox = await startInbox(world);
    await using _daemon = await startHere(world);
    await begun(world);
    await using _mcp = startMcp(world, inbox.path);
    const id = await tell(world, "injection.queued", { text: "before the clearing" });
    await until(() => receipts(world, id).length === 1, { timeoutMs: 15_000 });
    await world.post(
      hook({ session: "one", hook: "SessionEnd", ended: true }, { pid: process.pid }),
    );
    await world.begin("two", { start: "clear" }, process.pid);
    say(world.transcript("two"), line("x", { kind: "user.message", injection: id }));
    await world.post(hook({ session: "two", hook: "Prompt", turn: "open" }));
    await until(() => receipts(world, id).some(([kind]) => kind === "injection.seen"), {
      timeoutMs: 15_000,
    });
    const entry = world.server.order.find(({ kind }) => kind === "user.message");
    expect(entry).toMatchObject({ sender: "user:krishna", text: "before the clearing" });
  },
  LIMIT_MS,
);
