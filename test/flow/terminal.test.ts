import { expect } from "bun:test";
import { join } from "node:path";
import { z } from "zod";
import { until } from "../../src/lib/until.ts";
import type { StoredEvent } from "../../src/wire/event.ts";
import { type Step, startModel } from "../doubles/model.ts";
import { type Chain, startChain } from "../helpers/chain.ts";
import { claudeTest } from "../helpers/claude.ts";
import { program, root, startService } from "../helpers/service.ts";
import { seedHome, startTerminal } from "./terminal.ts";
import { FIRST, SECOND, SUBAGENT } from "./terminal-stories.ts";
import { isUntold, read, recorded, told, transcripts, turns } from "./told.ts";

const LIMIT_MS = 240_000;

const QUESTION = {
  question: "Which colour should the button have?",
  header: "Colour",
  multiSelect: false,
  options: [
    { label: "Blue", description: "as the sky" },
    { label: "Red", description: "as fire" },
  ],
};

/** What the model answers to each prompt. */
const SCRIPTS: Record<string, Step[]> = {
  "Touch the marker": [
    { text: "I need a marker.", tool: "Bash", input: { command: "touch marker.txt" } },
    { text: "The marker is there." },
  ],
  "Remove the build folder": [
    { text: "I'll remove it.", tool: "Bash", input: { command: "rm -rf build" } },
    { text: "Understood." },
  ],
  "Ask about the colour": [
    { text: "One question first.", tool: "AskUserQuestion", input: { questions: [QUESTION] } },
    { text: "Blue it is." },
  ],
  "Tell me a story": [
    { text: `Once upon a time. ${"It went on and on. ".repeat(500)}`, delayMs: 100 },
  ],
  "Delegate the counting": [
    {
      text: "Delegating.",
      tool: "Agent",
      input: {
        description: "Count files",
        prompt: "SUBTASK: count the files",
        subagent_type: "general-purpose",
        run_in_background: true,
      },
    },
    { text: "It runs in the background." },
    { text: "The background agent counted 2 files." },
  ],
  "SUBTASK: count the files": [{ text: "There are 2 files.", waitMs: 1_000 }],
  "Break the service": [
    { error: { status: 400, type: "invalid_request_error", message: "the service is broken" } },
  ],
  "Say hello": [{ text: "Hello!" }],
};

claudeTest(
  "A1, A2, A4: all that a person does in the terminal is recorded, each thing once, by its sender",
  async () => {
    await using chain = await startChain();
    await using model = startModel(SCRIPTS);
    await chain.polaris("install", "--home", chain.home);
    const cwd = await chain.linked("site");
    seedHome(chain.home, cwd);
    {
      await using terminal = startTerminal(chain, model, { cwd });
      await terminal.shows("manual mode on");
      await terminal.say("Touch the marker");
      await terminal.shows("Do you want to proceed?");
      await terminal.insist("Enter", "The marker is there.");
      await turns(chain, 1);
      await terminal.say("Remove the build folder");
      await terminal.shows("4. No");
      await terminal.insist("Down", "❯ No");
      terminal.press("Tab");
      await terminal.shows("tell Claude");
      await terminal.type("keep it, we need it");
      terminal.press("Enter");
      await turns(chain, 2);
      await terminal.say("Ask about the colour");
      await terminal.shows("Enter to select");
      await terminal.insist("Enter", "Blue it is.");
      await turns(chain, 3);
      await terminal.say("Tell me a story");
      await terminal.shows("Once upon a time");
      terminal.press("Escape");
      await turns(chain, 4);
      await terminal.say("Delegate the counting");
      await turns(chain, 6);
      await terminal.say("/compact");
      await recorded(chain, "the compaction", ({ text }) => text?.startsWith("Compacted"));
      await terminal.say("Break the service");
      await turns(chain, 7);
      await terminal.say("/clear");
      await recorded(chain, "the command", ({ text }) => text === "/clear");
      await terminal.say("Say hello");
      await turns(chain, 8);
      await terminal.say("/exit");
      expect(await terminal.exited).toBe(0);
      await recorded(chain, "the end", ({ body }) => body.reason === "prompt_input_exit");
    }
    {
      const args = ["--continue"];
      await using terminal = startTerminal(chain, model, { cwd, args });
      await terminal.shows("manual mode on");
      await terminal.say("Say hello");
      await turns(chain, 9);
      await terminal.say("Tell me a story");
      await terminal.shows("Once upon a time");
      await terminal.kill();
    }
    await recorded(chain, "the death", ({ body }) => body.reason === "killed");
    await chain.drained();

    const events = await chain.log("site");
    const sessions = [...new Set(events.map(({ session }) => session))];
    expect(sessions.length).toBe(2);
    const main = sessions.map((id) => told(events.filter((e) => e.session === id && !e.parent)));
    expect(main[0]).toEqual(FIRST);
    expect(main[1]).toEqual(SECOND);
    expect(told(events.filter(({ parent }) => parent))).toEqual(SUBAGENT);
    const starts = events.filter(({ kind }) => kind === "session.start");
    expect(starts.map(({ body }) => body.continues)).toEqual([
      undefined,
      undefined,
      sessions[0],
      undefined,
    ]);

    const alone = transcripts(chain).map((path) => ({ path, told: told(read(path)) }));
    const expected = [FIRST, SECOND, SUBAGENT].map((lines) =>
      lines.filter((line) => !isUntold(line)),
    );
    expect(alone.map((one) => one.told).sort(bySize)).toEqual(expected.sort(bySize));

    // The same through the door that people use: another machine's recorder, which has heard no hook.
    const copied = await imported(chain, "copy");
    const theirs = [...new Set(copied.map(({ session }) => session))].flatMap((id) => {
      const all = copied.filter((event) => event.session === id);
      return [told(all.filter((e) => !e.parent)), told(all.filter((e) => e.parent))];
    });
    const some = theirs.filter((lines) => lines.length > 0);
    expect(some.sort(bySize)).toEqual(expected.sort(bySize));
  },
  LIMIT_MS,
);

/** What `polaris import` makes of the transcripts alone, without what Polaris itself says of it. */
async function imported(chain: Chain, project: string): Promise<StoredEvent[]> {
  const env = { ...chain.env, POLARIS_HOME: join(chain.folder, "other-machine") };
  await using parts = new AsyncDisposableStack();
  const run = async (...args: string[]) => {
    const child = Bun.spawn([...program, ...args], { env, cwd: root, stdout: "pipe" });
    const out = await new Response(child.stdout).text();
    expect([args[0], await child.exited]).toEqual([args[0], 0]);
    return out;
  };
  await run("login", "--url", chain.url, "--token", chain.token);
  const log = join(chain.folder, "other-daemon.log");
  const daemon = startService({ args: () => ["daemon", "--json"], env, log });
  parts.use(daemon);
  await daemon.start();
  await run("import", "--project", project, "--json");
  const waits = async () =>
    z
      .object({ journal: z.object({ pending: z.number() }) })
      .parse(JSON.parse(await run("status", "--json"))).journal.pending;
  await until(async () => (await waits()) === 0, { timeoutMs: 30_000 });
  return (await chain.log(project)).filter(({ source }) => source.via !== "polaris");
}

const bySize = (one: string[], other: string[]): number => other.length - one.length;
