import { expect, test } from "bun:test";
import { ask } from "../../src/machine/local.ts";
import type { ToolAnswer } from "../../src/wire/tools.ts";
import { begun, receipts, tell } from "../daemon/advising.ts";
import { type Fate, startCut } from "../daemon/cut.ts";
import { hook, line, makeWorld, say, startHere, startProcess, until } from "../daemon/world.ts";
import { program } from "../helpers/service.ts";
import { startAgent } from "./client.ts";

/** Two starts of a recorder, on machines that have other things to do. */
const LIMIT_MS = 30_000;

const waits = async (world: ReturnType<typeof makeWorld>) =>
  await until(async () => (await world.status()).journal.mailbox === 1, { what: "the advice" });

async function startLine(world: ReturnType<typeof makeWorld>) {
  const cut = await startCut(world);
  const env = { PATH: process.env.PATH ?? "", HOME: world.folder, POLARIS_HOME: cut.home };
  return { cut, env, [Symbol.asyncDispose]: () => cut[Symbol.asyncDispose]() };
}

test(
  "C4: a recorder killed between what polaris_inbox takes and its answer gives it once, and says seen only then",
  async () => {
    await using world = makeWorld();
    await using far = await startLine(world);
    await using first = await startProcess(world);
    await begun(world);
    await using agent = await startAgent(far.env);
    const id = await tell(world, "injection.queued", { text: "use the fixtures" });
    await waits(world);
    far.cut.onAnswer(async (path): Promise<Fate> => {
      if (path !== "/tool") return "pass";
      await first.kill("SIGKILL");
      far.cut.onAnswer(() => "pass");
      return "break";
    });
    const asking = agent.use("polaris_inbox");
    await first.exited;
    await using _second = await startProcess(world);
    expect(await asking).toEqual({ text: "use the fixtures", isError: undefined });
    expect((await agent.use("polaris_inbox")).text).toBe("Nothing.");
    await until(() => receipts(world, id).length === 2, { timeoutMs: 15_000 });
    expect(receipts(world, id)).toEqual([
      ["injection.delivered", "inbox"],
      ["injection.seen", "inbox"],
    ]);
  },
  LIMIT_MS,
);

test(
  "C4: what polaris_inbox was to give to an agent that never got the answer is not called seen",
  async () => {
    await using world = makeWorld();
    await using far = await startLine(world);
    await using first = await startProcess(world);
    await begun(world);
    await using agent = await startAgent(far.env);
    const id = await tell(world, "injection.queued", { text: "use the fixtures" });
    await waits(world);
    far.cut.onAnswer(async (path): Promise<Fate> => {
      if (path !== "/tool") return "pass";
      await first.kill("SIGKILL");
      return "break";
    });
    const asking = agent.use("polaris_inbox").catch(() => undefined);
    await first.exited;
    await agent.kill();
    await asking;
    await using _second = await startProcess(world);
    await world.post(
      hook({ session: "one", hook: "SessionEnd", ended: true }, { pid: process.pid }),
    );
    await until(() => receipts(world, id).length > 0, { timeoutMs: 15_000 });
    expect(receipts(world, id).map(([kind]) => kind)).toEqual(["injection.failed"]);
  },
  LIMIT_MS,
);

test(
  "C4, C6: a recorder killed between an answer of the agent and its own word that it has it sends it once",
  async () => {
    await using world = makeWorld();
    await using far = await startLine(world);
    await using first = await startProcess(world);
    await begun(world);
    await using agent = await startAgent(far.env);
    const id = await tell(world, "injection.queued", { text: "which port?" });
    await waits(world);
    expect((await agent.use("polaris_inbox")).text).toBe("which port?");
    far.cut.onAnswer(async (path): Promise<Fate> => {
      if (path !== "/tool") return "pass";
      await first.kill("SIGKILL");
      far.cut.onAnswer(() => "pass");
      return "break";
    });
    const answering = agent.use("polaris_reply", { id, text: "4321" });
    await first.exited;
    await using _second = await startProcess(world);
    expect(await answering).toEqual({ text: "Sent.", isError: undefined });
    await world.drained();
    const kinds = receipts(world, id).map(([kind]) => kind);
    expect(kinds).toEqual(["injection.delivered", "injection.seen", "injection.answered"]);
  },
  LIMIT_MS,
);

test(
  "C4: a call of polaris_inbox that the agent cancels takes nothing away: the next one gives it",
  async () => {
    await using world = makeWorld();
    await using far = await startLine(world);
    await using _daemon = await startHere(world);
    await begun(world);
    await using agent = await startAgent(far.env);
    const id = await tell(world, "injection.queued", { text: "use the fixtures" });
    await waits(world);
    const esc = new AbortController();
    const { promise: cancelled, resolve } = Promise.withResolvers<void>();
    far.cut.onAnswer(async (path): Promise<Fate> => {
      if (path !== "/tool") return "pass";
      esc.abort();
      await cancelled;
      // The word that the call is cancelled goes another way than its answer: it is let arrive first.
      await agent.tools();
      far.cut.onAnswer(() => "pass");
      return "pass";
    });
    await expect(agent.use("polaris_inbox", {}, esc.signal)).rejects.toThrow();
    resolve();
    // Not only after the time in which a sign of it would have to be there.
    const next = async () => (await agent.use("polaris_inbox")).text === "use the fixtures";
    await until(next, { timeoutMs: 4_000 });
    await until(() => receipts(world, id).length === 2);
    expect(receipts(world, id).map(([kind]) => kind)).toEqual([
      "injection.delivered",
      "injection.seen",
    ]);
  },
  LIMIT_MS,
);

test(
  "C4: a polaris mcp that dies with its answer given is no doubt: the transcript has it",
  async () => {
    await using world = makeWorld();
    await using far = await startLine(world);
    await using _daemon = await startHere(world);
    await begun(world);
    await using agent = await startAgent(far.env);
    const id = await tell(world, "injection.queued", { text: "use the fixtures" });
    await waits(world);
    // Nothing is asked on the way there: whatever the recorder is told of the answer is lost.
    far.cut.stopAt("/given");
    expect((await agent.use("polaris_inbox")).text).toBe("use the fixtures");
    await agent.kill();
    await world.drained();
    expect(receipts(world, id)).toEqual([]);
    const result = { kind: "tool.result", name: "polaris_inbox", injection: id };
    say(world.transcript(), line("", result));
    await world.post(hook({ session: "one", hook: "Prompt", turn: "open" }));
    await until(() => receipts(world, id).length === 2);
    expect(receipts(world, id).map(([kind]) => kind)).toEqual([
      "injection.delivered",
      "injection.seen",
    ]);
  },
  LIMIT_MS,
);

test(
  "C4: what a polaris mcp that died was to give is given to the next one, once it is sure that nobody got it",
  async () => {
    await using world = makeWorld();
    await using far = await startLine(world);
    await using _daemon = await startHere(world);
    await begun(world);
    const id = await tell(world, "injection.queued", { text: "use the fixtures" });
    await waits(world);
    {
      await using agent = await startAgent(far.env);
      const { promise: answered, resolve } = Promise.withResolvers<void>();
      far.cut.onAnswer((path): Fate => {
        if (path !== "/tool") return "pass";
        resolve();
        return "break";
      });
      const asking = agent.use("polaris_inbox").catch(() => undefined);
      await answered;
      await agent.kill();
      await asking;
      far.cut.onAnswer(() => "pass");
    }
    await using next = await startAgent(far.env);
    expect((await next.use("polaris_inbox")).text).toBe("Nothing.");
    const given = async () => (await next.use("polaris_inbox")).text === "use the fixtures";
    await until(given, { timeoutMs: 15_000, everyMs: 250 });
    expect((await next.use("polaris_inbox")).text).toBe("Nothing.");
    await until(() => receipts(world, id).length === 2);
    expect(receipts(world, id)).toEqual([
      ["injection.delivered", "inbox"],
      ["injection.seen", "inbox"],
    ]);
  },
  LIMIT_MS,
);

test(
  "C4: a recorder killed between what the bell's hook takes and its answer wakes the agent once",
  async () => {
    await using world = makeWorld();
    await using far = await startLine(world);
    await using first = await startProcess(world);
    await begun(world);
    const id = await tell(world, "injection.queued", { text: "wake up" });
    await waits(world);
    far.cut.onAnswer(async (path): Promise<Fate> => {
      if (path !== "/hook") return "pass";
      await first.kill("SIGKILL");
      far.cut.onAnswer(() => "pass");
      return "break";
    });
    const ring = async () => {
      const payload = JSON.stringify({ session: "one", hook: "FileChanged", rung: true });
      const child = Bun.spawn([...program, "hook", "--agent", "tiny", "--bell"], {
        env: far.env,
        stdin: Buffer.from(payload),
        stderr: "pipe",
      });
      return { said: await new Response(child.stderr).text(), code: await child.exited };
    };
    const rung = ring();
    await first.exited;
    await using _second = await startProcess(world);
    expect(await rung).toEqual({ said: "wake up", code: 2 });
    expect(await ring()).toEqual({ said: "", code: 0 });
    await until(() => receipts(world, id).length === 1, { timeoutMs: 15_000 });
    expect(receipts(world, id)).toEqual([["injection.delivered", "hook"]]);
  },
  LIMIT_MS,
);

test(
  "C4: a polaris mcp of an earlier version, which gives no receipts, is answered as it was",
  async () => {
    await using world = makeWorld();
    await using _daemon = await startHere(world);
    await begun(world);
    const id = await tell(world, "injection.queued", { text: "use the fixtures" });
    await waits(world);
    const call = { pid: process.pid, agentSession: "one", tool: "polaris_inbox" };
    expect(await ask<ToolAnswer>(world.place, "/tool", call)).toEqual({ text: "use the fixtures" });
    expect(await ask<ToolAnswer>(world.place, "/tool", call)).toEqual({ text: "Nothing." });
    await until(() => receipts(world, id).length === 2);
    expect(receipts(world, id).map(([kind]) => kind)).toEqual([
      "injection.delivered",
      "injection.seen",
    ]);
  },
  LIMIT_MS,
);
