import { expect } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Memory } from "../../src/agents/agent.ts";
import { claude } from "../../src/agents/claude/index.ts";
import { until } from "../../src/lib/until.ts";
import type { Event, StoredEvent } from "../../src/wire/event.ts";
import { type Step, startModel } from "../doubles/model.ts";
import { type Chain, startChain } from "../helpers/chain.ts";
import { claudeTest } from "../helpers/claude.ts";
import { seedHome, startTerminal } from "./terminal.ts";
import { told } from "./told.ts";

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

const FIRST = [
  "agent:claude session.start (startup)",
  "user:manu user.message (user) Touch the marker",
  "agent:claude agent.message I need a marker.",
  "agent:claude tool.call touch marker.txt",
  "agent:claude permission.request touch marker.txt",
  "user:manu permission.decision (accept, user)",
  "agent:claude tool.result (completed) (Bash completed with no output)",
  "agent:claude agent.message The marker is there.",
  "agent:claude turn.end (end_turn)",
  "user:manu user.message (user) Remove the build folder",
  "agent:claude agent.message I'll remove it.",
  "agent:claude tool.call rm -rf build",
  "agent:claude permission.request rm -rf build",
  "user:manu permission.decision (reject, user) keep it, we need it",
  "agent:claude tool.result (rejected) The user doesn't want to proceed with this tool use. The too",
  "agent:claude agent.message Understood.",
  "agent:claude turn.end (end_turn)",
  "user:manu user.message (user) Ask about the colour",
  "agent:claude agent.message One question first.",
  "agent:claude question.asked Which colour should the button have?",
  "user:manu question.answered Blue",
  "agent:claude agent.message Blue it is.",
  "agent:claude turn.end (end_turn)",
  "user:manu user.message (user) Tell me a story",
  "agent:claude agent.message (aborted) Once upon a time. It went on and on. It went on and on. It w",
  "user:manu turn.end (cancelled) Request interrupted by user",
  "user:manu user.message (user) Delegate the counting",
  "agent:claude agent.message Delegating.",
  "agent:claude tool.call Count files",
  "agent:claude tool.result (completed) Async agent launched successfully. (This tool result is inte",
  "agent:claude agent.message It runs in the background.",
  "agent:claude turn.end (end_turn)",
  'agent:claude user.message (system) Agent "Count files" finished',
  "agent:claude agent.message The background agent counted 2 files.",
  "agent:claude turn.end (end_turn)",
  "agent:claude session.start (compact)",
  "agent:claude compaction.end Conversation compacted",
  "agent:claude notice (compact_summary) This session is being continued from a previous conversation",
  "user:manu user.message (user, /compact) /compact",
  "agent:claude notice (local_command) Compacted (ctrl+o to see full summary)",
  "user:manu user.message (user) Break the service",
  "agent:claude error (400) API Error: 400 the service is broken",
  "agent:claude turn.end (error)",
  "agent:claude session.end (clear)",
];

const SUBAGENT = [
  "agent:claude subagent.start",
  "agent:claude user.message (system) SUBTASK: count the files",
  "agent:claude agent.message There are 2 files.",
  "agent:claude subagent.end",
];

const SECOND = [
  "agent:claude session.start (clear)",
  "user:manu user.message (user, /clear) /clear",
  "user:manu user.message (user) Say hello",
  "agent:claude agent.message Hello!",
  "agent:claude turn.end (end_turn)",
  "agent:claude session.end (prompt_input_exit)",
  "agent:claude session.start (resume)",
  "user:manu user.message (user) Say hello",
  "agent:claude agent.message Hello!",
  "agent:claude turn.end (end_turn)",
  "user:manu user.message (user) Tell me a story",
  "agent:claude session.end (killed) The agent's process is gone.",
];

/** What only hooks and the recorder know: see the table in docs/events.md. */
const isUntold = (line: string): boolean =>
  / (?:session\.(?:start|end)|permission\.request|subagent\.(?:start|end)) ?/.test(line) ||
  / turn\.end \((?:end_turn|error)\)/.test(line);

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
      await terminal.shows("? for shortcuts");
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
      await terminal.shows("? for shortcuts");
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

    const alone = transcripts(chain).map((path) => ({ path, told: told(read(path)) }));
    const expected = [FIRST, SECOND, SUBAGENT].map((lines) =>
      lines.filter((line) => !isUntold(line)),
    );
    expect(alone.map((one) => one.told).sort(bySize)).toEqual(expected.sort(bySize));
  },
  LIMIT_MS,
);

const bySize = (one: string[], other: string[]): number => other.length - one.length;

async function recorded(
  chain: Chain,
  what: string,
  test: (event: StoredEvent) => boolean | undefined,
  count = 1,
): Promise<void> {
  await until(async () => (await chain.log("site")).filter(test).length >= count, {
    timeoutMs: 30_000,
    everyMs: 100,
    what,
  });
}

/** Resolves when so many turns have ended. */
const turns = (chain: Chain, count: number) =>
  recorded(chain, `end ${count} of a turn`, ({ kind }) => kind === "turn.end", count);

/** Every transcript below the client's home, those of subagents too. */
function transcripts({ home }: Chain): string[] {
  const folder = join(home, ".claude/projects");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".jsonl"))
    .map((name) => join(folder, name));
}

/** The same events from the file alone, as an import reads it. */
function read(path: string): Event[] {
  const [, subagent] = /\/agent-(\w+)\.jsonl$/.exec(path) ?? [];
  const memory: Memory = subagent ? { subagent } : {};
  const people = { driver: "user:manu", agent: "agent:claude" };
  return readFileSync(path, "utf8")
    .split("\n")
    .flatMap((line) => claude.readLine(line, people, memory));
}
