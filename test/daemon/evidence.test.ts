import { expect, test } from "bun:test";
import { startAgent } from "../mcp/client.ts";
import { begun, reads, receipts, tell } from "./advising.ts";
import { startInbox, startMcp } from "./inbox.ts";
import { hook, line, makeWorld, say, startHere, until, type World } from "./world.ts";

const LIMIT_MS = 30_000;

const envOf = ({ place, folder }: Pick<World, "place" | "folder">) => ({
  PATH: process.env.PATH ?? "",
  HOME: folder,
  POLARIS_HOME: place.home,
});

test(
  "C4: only the session that was advised can answer: another one that learned the id proves nothing",
  async () => {
    await using world = makeWorld();
    await using _daemon = await startHere(world);
    await begun(world);
    // Events of siblings, with their ids, are what polaris_context gives to every session of the project.
    const id = await tell(world, "injection.queued", { text: "for the first alone" });
    await until(async () => (await world.status()).journal.mailbox === 1);
    await using sibling = Bun.spawn(["sleep", "60"]);
    await begun(world, "two", sibling.pid);
    await world.begin("two", {}, process.pid);
    await using agent = await startAgent(envOf(world), "two");
    const answer = await agent.use("polaris_reply", { id, text: "done" });
    expect(answer).toMatchObject({ isError: true });
    expect(answer.text).toContain("There was no advice");
    say(world.transcript("two"), line("quoted", { kind: "user.message", injection: id }));
    await world.post(hook({ session: "two", hook: "Prompt", turn: "open" }));
    await until(() => world.server.order.some(({ text }) => text === "quoted"));
    expect(receipts(world, id)).toEqual([]);
    expect((await world.status()).journal.mailbox).toBe(1);
    sibling.kill();
  },
  LIMIT_MS,
);

test(
  "C4: advice that stood in the queue of an agent which was killed and resumed is not called delivered for ever",
  async () => {
    await using world = makeWorld();
    await using inbox = await startInbox(world);
    await using _daemon = await startHere(world);
    await begun(world);
    await using mcp = startMcp(world, inbox.path);
    const id = await tell(world, "injection.queued", { text: "after the tool" });
    await until(() => receipts(world, id).length === 1, { timeoutMs: 15_000 });
    say(world.transcript(), line("", { kind: "x", takes: id }));
    await world.post(hook({ session: "one", hook: "Prompt", turn: "open" }));
    mcp.child.kill("SIGKILL");
    await using next = Bun.spawn(["sleep", "60"]);
    await world.begin("one", { start: "resume" }, next.pid);
    await until(() => receipts(world, id).length === 2, { timeoutMs: 15_000 });
    expect(receipts(world, id)[1]).toEqual(["injection.failed", "socket"]);
    const told = world.server.order.findLast(({ body }) => body.injection === id);
    expect(told?.body.reason).toContain("ended before");
    // Its last line was late: what was read was read.
    await reads(world, id, "after the tool");
    await until(() => receipts(world, id).length === 3);
    expect(receipts(world, id)[2]).toEqual(["injection.seen", "socket"]);
    next.kill();
  },
  LIMIT_MS,
);
