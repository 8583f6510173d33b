import { expect, test } from "bun:test";
import { ask } from "../../src/machine/local.ts";
import type { HookAnswer } from "../../src/wire/local.ts";
import { program } from "../helpers/service.ts";
import { begun, reads, receipts, tell } from "./advising.ts";
import { startInbox } from "./inbox.ts";
import { hook, line, makeWorld, say, startHere, until, type World } from "./world.ts";

/** A hook of the agent as it starts it: a program of its own. */
async function runHook(world: World, name: string, env: Record<string, string> = {}) {
  const child = Bun.spawn([...program, "hook", "--agent", "tiny"], {
    env: {
      PATH: process.env.PATH ?? "",
      HOME: world.folder,
      POLARIS_HOME: world.place.home,
      ...env,
    },
    stdin: Buffer.from(JSON.stringify({ session: "one", hook: name })),
    stdout: "pipe",
  });
  const said = await new Response(child.stdout).text();
  expect(await child.exited).toBe(0);
  return said;
}

/** How many of the session's advice the recorder has on its way. */
const inMailbox = (world: World, count: number) =>
  until(async () => (await world.status()).journal.mailbox === count, { what: "the mailbox" });

test("C4: what cannot be delivered is reported within 30 s, comes at the next chance, and then once", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  // Nobody answers its bell, and no `polaris mcp` runs there.
  await begun(world);
  say(world.transcript(), line("work", { kind: "user.message" }));
  await world.post(hook({ session: "one", hook: "Prompt", turn: "open" }));
  const sentAt = performance.now();
  const id = await tell(world, "injection.queued", { text: "use the fixtures" });
  const recalled = await tell(world, "injection.queued", { text: "forget it" });
  await until(() => receipts(world, recalled).length === 1, { timeoutMs: 30_000 });
  expect(performance.now() - sentAt).toBeLessThan(30_000);
  expect(receipts(world, id)).toEqual([["injection.failed", undefined]]);
  const told = world.server.order.find(({ body }) => body.injection === id);
  expect(told?.body.reason).toContain("gets it at the next chance");
  // The server says to all who listen what it was told itself; that ends nothing.
  await tell(world, "injection.failed", { injection: id });
  await tell(world, "injection.recalled", { injection: recalled });
  await inMailbox(world, 1);
  expect(await runHook(world, "Stop")).toBe("use the fixtures");
  expect(await runHook(world, "Stop")).toBe("");
  await until(() => receipts(world, id).length === 2);
  await reads(world, id, "use the fixtures");
  await until(() => receipts(world, id).length === 3);
  expect(receipts(world, id)).toEqual([
    ["injection.failed", undefined],
    ["injection.delivered", "hook"],
    ["injection.seen", "hook"],
  ]);
}, 45_000);

test("C3: in a session that was joined late, any hook that runs carries advice into its inbox, once", async () => {
  await using world = makeWorld();
  await using inbox = await startInbox(world);
  await using _daemon = await startHere(world);
  await begun(world);
  const id = await tell(world, "injection.queued", { text: "use the fixtures" });
  await inMailbox(world, 1);
  const env = { CLAUDE_CODE_MESSAGING_SOCKET: inbox.path };
  // The first may come before the recorder has found that there is no other way.
  await until(async () => {
    expect(await runHook(world, "Prompt", env)).toBe("");
    return inbox.got.length > 0;
  });
  await runHook(world, "Notice", env);
  await runHook(world, "Stop", env);
  expect(inbox.got.map(({ message }) => message.content)).toEqual(["use the fixtures"]);
  await until(() => receipts(world, id).length === 1);
  expect(receipts(world, id)).toEqual([["injection.delivered", "socket"]]);
}, 30_000);

test("C4: advice that a hook was to say, and the recorder was too slow for, is said by the next", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await begun(world);
  const id = await tell(world, "injection.queued", { text: "use the fixtures" });
  await inMailbox(world, 1);
  // It is answered, and nobody listens any more.
  await until(async () => {
    const said = await ask<HookAnswer>(
      world.place,
      "/hook",
      hook({ session: "one", hook: "Stop" }),
    );
    return said.output === "use the fixtures";
  });
  expect(await runHook(world, "Stop")).toBe("");
  await world.drained();
  expect(receipts(world, id)).toEqual([]);
  await until(async () => (await runHook(world, "Stop")) === "use the fixtures", {
    timeoutMs: 15_000,
    everyMs: 500,
  });
  await until(() => receipts(world, id).length === 1);
  expect(await runHook(world, "Stop")).toBe("");
}, 30_000);
