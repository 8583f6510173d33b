import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ask } from "../../src/machine/local.ts";
import type { HookAnswer } from "../../src/wire/local.ts";
import { begun, reads, receipts, tell } from "./advising.ts";
import { startInbox, startMcp } from "./inbox.ts";
import { hook, line, makeWorld, say, startHere, startProcess, until } from "./world.ts";

/** Processes start in these, on machines that have other things to do. */
const LIMIT_MS = 30_000;

const DELIVERED = ["injection.delivered", "socket"];
const SEEN = ["injection.seen", "socket"];

test(
  "C3, C4: advice goes into the inbox of the one session, and its receipt follows the evidence",
  async () => {
    await using world = makeWorld();
    await using inbox = await startInbox(world);
    await using _daemon = await startHere(world);
    await begun(world);
    await using _mcp = startMcp(world, inbox.path);
    const id = await tell(world, "injection.queued", { text: "use the fixtures" });
    await until(() => inbox.got.length === 1, { timeoutMs: 15_000 });
    expect(inbox.got).toEqual([
      {
        type: "user",
        from: `polaris:${id}`,
        session_id: "one",
        message: { content: "use the fixtures" },
      },
    ]);
    await until(() => receipts(world, id).length === 1);
    await reads(world, id, "other words");
    await until(() => receipts(world, id).length === 2);
    expect(receipts(world, id)).toEqual([DELIVERED, SEEN]);
    const entry = world.server.order.find(({ kind }) => kind === "user.message");
    expect(entry).toMatchObject({ sender: "user:krishna", text: "use the fixtures" });
  },
  LIMIT_MS,
);

test(
  "C4: a recorder killed as its advice is being written neither loses it nor writes it again",
  async () => {
    await using world = makeWorld();
    let kill = () => {};
    await using inbox = await startInbox(world, () => kill());
    await using first = await startProcess(world);
    await begun(world);
    await using _mcp = startMcp(world, inbox.path);
    kill = () => process.kill(first.pid, "SIGKILL");
    const id = await tell(world, "injection.queued", { text: "once" });
    await first.exited;
    kill = () => {};
    await using second = await startProcess(world);
    expect(second.pid).not.toBe(first.pid);
    await until(() => receipts(world, id).length === 1, { timeoutMs: 20_000 });
    await reads(world, id, "once");
    await until(() => receipts(world, id).length === 2, { timeoutMs: 20_000 });
    expect(receipts(world, id)).toEqual([DELIVERED, SEEN]);
    expect(inbox.got.length).toBe(1);
  },
  LIMIT_MS,
);

test(
  "C4: recalled advice is never delivered, edited advice in its latest words",
  async () => {
    await using world = makeWorld();
    await using inbox = await startInbox(world);
    await using _daemon = await startHere(world);
    await begun(world);
    const recalled = await tell(world, "injection.queued", { text: "forget it" });
    const edited = await tell(world, "injection.queued", { text: "use tabs" });
    await until(async () => (await world.status()).journal.mailbox === 2);
    await tell(world, "injection.recalled", { injection: recalled });
    await tell(world, "injection.edited", { injection: edited, text: "use spaces" });
    await until(async () => (await world.status()).journal.mailbox === 1);
    await using _mcp = startMcp(world, inbox.path);
    await until(() => inbox.got.length > 0, { timeoutMs: 15_000 });
    await until(() => receipts(world, edited).length === 1);
    expect(inbox.got.map(({ message }) => message.content)).toEqual(["use spaces"]);
  },
  LIMIT_MS,
);

test(
  "C3: where no process of Polaris runs in the session, its bell is rung and the hook fetches it",
  async () => {
    await using world = makeWorld();
    await using _daemon = await startHere(world);
    await begun(world);
    const bell = join(world.place.bells, "one", "polaris-bell");
    expect(readFileSync(bell, "utf8")).toBe("");
    const id = await tell(world, "injection.queued", { text: "wake up" });
    await until(() => readFileSync(bell, "utf8") !== "", { timeoutMs: 10_000, what: "the bell" });
    const rung = hook({ session: "one", hook: "FileChanged", rung: true }, { inbox: false });
    const answer = await ask<HookAnswer>(world.place, "/hook", rung);
    expect(answer).toEqual({ recorded: true, wake: "wake up", receipt: true });
    const again = hook({ session: "one", hook: "FileChanged", rung: true }, { inbox: false });
    expect(await ask<HookAnswer>(world.place, "/hook", again)).toEqual({ recorded: true });
    await ask(world.place, "/given", { call: rung.id, given: true });
    await until(() => receipts(world, id).length === 1);
    expect(receipts(world, id)).toEqual([["injection.delivered", "hook"]]);
  },
  LIMIT_MS,
);

test(
  "C4: what the session has in its queue is not said by another way, however long it waits",
  async () => {
    await using world = makeWorld();
    await using inbox = await startInbox(world);
    await using _daemon = await startHere(world);
    await begun(world);
    await using _mcp = startMcp(world, inbox.path);
    const id = await tell(world, "injection.queued", { text: "after the tool" });
    await until(() => receipts(world, id).length === 1);
    // On a busy machine it may have rung already, before the session's own process came up.
    const bell = () => readFileSync(join(world.place.bells, "one", "polaris-bell"), "utf8");
    const rung = bell();
    say(world.transcript(), line("", { kind: "x", takes: id }));
    await world.post(hook({ session: "one", hook: "Prompt", turn: "open" }));
    // Longer than the time within which a way must give a sign.
    await Bun.sleep(7_500);
    expect(receipts(world, id)).toEqual([DELIVERED]);
    expect(bell()).toBe(rung);
  },
  LIMIT_MS,
);

test(
  "C4: an agent that ends before it has read says so to the sender",
  async () => {
    await using world = makeWorld();
    await using _daemon = await startHere(world);
    await begun(world);
    const id = await tell(world, "injection.queued", { text: "too late" });
    await until(async () => (await world.status()).journal.mailbox === 1);
    await world.post(
      hook({ session: "one", hook: "SessionEnd", ended: true }, { pid: process.pid }),
    );
    await until(() => receipts(world, id).length === 1, { timeoutMs: 10_000 });
    const [failed] = world.server.order.filter(({ body }) => body.injection === id);
    expect(failed).toMatchObject({ kind: "injection.failed" });
    expect(failed?.body.reason).toContain("ended");
  },
  LIMIT_MS,
);
