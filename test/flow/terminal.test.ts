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
  },
  LIMIT_MS,
);

const PLAN: Step[] = [
  { tool: "EnterPlanMode" },
  { text: "The plan is ready.", tool: "ExitPlanMode", waitMs: 1_000 },
  { text: "Going on." },
];

const PLANNED = [
  "agent:claude session.start (startup)",
  "user:manu user.message (user) Plan the work",
  "agent:claude tool.call EnterPlanMode",
  "agent:claude tool.result (completed) Entered plan mode. You should now focus on exploring the cod",
  "agent:claude agent.message The plan is ready.",
  "agent:claude tool.call # Plan",
  "agent:claude permission.request # Plan",
  "user:manu permission.decision (accept, user)",
  "agent:claude tool.result (completed) User has approved your plan. You can now start coding. Start",
  "agent:claude agent.message Going on.",
  "agent:claude turn.end (end_turn)",
  "user:manu user.message (user) Plan it again",
  "agent:claude tool.call EnterPlanMode",
  "agent:claude tool.result (completed) Entered plan mode. You should now focus on exploring the cod",
  "agent:claude agent.message The plan is ready.",
  "agent:claude tool.call # Plan",
  "agent:claude permission.request # Plan",
  "user:manu permission.decision (reject, user)",
  "agent:claude tool.result (rejected) The user doesn't want to proceed with this tool use. The too",
  "user:manu turn.end (cancelled) Request interrupted by user for tool use",
  "user:manu user.message (user) !echo from the shell",
  "agent:claude notice (bash_output) from the shell",
  "agent:claude agent.message Going on.",
  "agent:claude turn.end (end_turn)",
  "agent:claude session.title auth work",
  "user:manu user.message (user, /rename) /rename auth work",
  "agent:claude notice (local_command) Session renamed to: auth work",
  "agent:claude session.end (prompt_input_exit)",
];

claudeTest(
  "A2, E7: plans that are approved and sent back, the branch, a title and the shell are recorded",
  async () => {
    await using chain = await startChain();
    await using model = startModel({ "Plan the work": PLAN, "Plan it again": PLAN });
    await chain.polaris("install", "--home", chain.home);
    const cwd = await chain.linked("site");
    git(cwd, "init", "--quiet", "--initial-branch", "feat/login");
    git(cwd, "commit", "--quiet", "--allow-empty", "--message", "first");
    seedHome(chain.home, cwd);
    const state = async () => (await chain.sessions("site"))[0];
    await using terminal = startTerminal(chain, model, { cwd });
    await terminal.shows("? for shortcuts");
    await terminal.say("Plan the work");
    await Bun.write(await planFile(chain), "# Plan\n\n1. Do it\n");
    await terminal.shows("Would you like to proceed?");
    await until(async () => (await state())?.state === "needs_human", {
      what: "a session that needs a human",
    });
    await terminal.insist("Down", "❯ Yes, manually");
    await terminal.insist("Enter", "Going on.");
    await turns(chain, 1);
    await terminal.say("Plan it again");
    await terminal.shows("Would you like to proceed?");
    await terminal.insist("Escape", "Rejected Claude's plan");
    await turns(chain, 2);
    git(cwd, "switch", "--quiet", "--create", "feat/other");
    await terminal.say("!echo from the shell");
    await turns(chain, 3);
    await until(async () => (await state())?.state === "idle", { what: "an idle session" });
    await terminal.say("/rename auth work");
    await recorded(chain, "the new title", ({ text }) => text?.startsWith("Session renamed"));
    expect(await state()).toMatchObject({
      branch: "feat/other",
      title: "auth work",
      state: "idle",
      model: "claude-opus-5-5",
    });
    await terminal.say("/exit");
    expect(await terminal.exited).toBe(0);
    await recorded(chain, "the end", ({ kind }) => kind === "session.end");
    // The client looks at the branch from time to time, so its change may stand a few lines later.
    const changed = "agent:claude notice (branch) feat/other";
    const live = told(await chain.log("site"));
    expect(live.filter((line) => line === changed)).toEqual([changed]);
    expect(live.filter((line) => line !== changed)).toEqual(PLANNED);
    const [path = ""] = transcripts(chain);
    expect(told(read(path))).toEqual(live.filter((line) => !isUntold(line)));
  },
  LIMIT_MS,
);

function git(cwd: string, ...args: string[]): void {
  const who = ["-c", "user.name=Manu", "-c", "user.email=manu@example.com"];
  const { success, stderr } = Bun.spawnSync(["git", ...who, ...args], { cwd });
  if (!success) throw new Error(`git ${args[0]}: ${stderr}`);
}

/** Where the client wants the plan: it says so to the model, which here is not one to write it. */
const planFile = (chain: Chain): Promise<string> =>
  until(
    () =>
      transcripts(chain)
        .map((path) => /"planFilePath":"([^"]+)"/.exec(readFileSync(path, "utf8"))?.[1])
        .find(Boolean),
    { timeoutMs: 20_000, what: "the plan's path" },
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
