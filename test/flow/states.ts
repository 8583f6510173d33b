import { until } from "../../src/lib/until.ts";
import type { Session } from "../../src/wire/session.ts";
import type { Step } from "../doubles/model.ts";
import type { Chain } from "../helpers/chain.ts";
import { BYPASS, type Terminal } from "./terminal.ts";

/** What a row needs of the world it runs in (`advising.ts`). */
interface World {
  chain: Chain;
  sessions(cwd: string): Promise<Session[]>;
  agentSession(cwd: string): Promise<string>;
}

const QUESTION = {
  question: "Which colour should the button have?",
  header: "Colour",
  multiSelect: false,
  options: [
    { label: "Blue", description: "as the sky" },
    { label: "Red", description: "as fire" },
  ],
};

const TASK = { prompt: "Task of a subagent", subagent_type: "general-purpose" };

export const SCRIPTS: Record<string, Step[]> = {
  "Say hello": [{ text: "Hello!" }],
  "Think about it": [{ text: "Thought.", waitMs: 3_000 }],
  "Tell me a story": [
    { text: `Once upon a time. ${"It went on and on. ".repeat(40)}`, delayMs: 80 },
  ],
  "Run the tool": [
    { text: "Running.", tool: "Bash", input: { command: "sleep 4" } },
    { text: "It ran." },
  ],
  "Touch the marker": [
    { text: "I need a marker.", tool: "Bash", input: { command: "touch marker.txt" } },
    { text: "The marker is there." },
  ],
  "Send two out": [
    { text: "Sending.", tool: "Agent", input: { ...TASK, description: "one" } },
    { text: "Another.", tool: "Agent", input: { ...TASK, description: "two" } },
    { text: "Both are out." },
  ],
  "Task of a subagent": [
    { text: "On it.", tool: "Bash", input: { command: "sleep 4" } },
    { text: "Task done." },
  ],
  "Ask about the colour": [
    { text: "One question first.", tool: "AskUserQuestion", input: { questions: [QUESTION] } },
    { text: "Blue it is." },
  ],
  "create a detailed summary of": [{ text: "<summary>All was well.</summary>", waitMs: 3_000 }],
};

/** Ways in which a machine may be set up. */
export const HOMES = {
  usual: {},
  /** Its agents have no inbox: an older client, or another provider's. */
  "no inbox": { strip: true },
  /** Its client starts no hook when a file changes. */
  "no bell": { silent: true },
  /** Neither: an older client. */
  older: { strip: true, silent: true },
  refusing: { settings: { crossSessionInbound: "refuse" } },
  holding: { settings: { crossSessionInbound: "hold" } },
} as const;
export type HomeName = keyof typeof HOMES;

/** One state of a session, and how advice gets into it. */
export interface Row {
  state: string;
  home?: HomeName;
  /** `none`: it cannot be reached, and its sender is told. */
  route: "socket" | "hook" | "none";
  args?: string[];
  env?: Record<string, string>;
  /** Brings the session into the state. */
  before?: (world: World, terminal: Terminal, cwd: string) => Promise<unknown>;
  /** Once the advice was sent. */
  during?: (world: World, terminal: Terminal, cwd: string) => Promise<unknown>;
  /** After its first receipt: what lets the session go on. */
  after?: (terminal: Terminal, world: World) => Promise<unknown>;
  /** So many pieces at once, by two people. */
  count?: number;
  /** What stands behind the words that are looked for. */
  more?: string;
  /** Its directory is linked to no project: it is joined after its first turn. */
  joined?: boolean;
  /** After `after` the agent goes on in a new process. */
  resumed?: boolean;
  /** A printed run instead of a terminal. */
  print?: string;
  essential?: boolean;
}

/** A turn, and its end. */
export const hello = async (world: World, terminal: Terminal, cwd: string) => {
  await terminal.say("Say hello");
  await terminal.shows("Hello!");
  await until(async () => (await world.sessions(cwd)).some(({ state }) => state === "idle"), {
    timeoutMs: 20_000,
    what: "the end of the turn",
  });
};

export const ROWS: Row[] = [
  { state: "idle", route: "socket", before: hello, essential: true },
  {
    state: "thinking (no word yet)",
    route: "socket",
    before: (_, terminal) => terminal.say("Think about it"),
  },
  {
    state: "an answer is streaming",
    route: "socket",
    async before(_, terminal) {
      await terminal.say("Tell me a story");
      await terminal.shows("Once upon a time");
    },
  },
  {
    state: "a tool runs",
    route: "socket",
    args: ["--allowedTools", "Bash"],
    essential: true,
    async before(_, terminal) {
      await terminal.say("Run the tool");
      await terminal.shows("Running.");
    },
  },
  {
    state: "waiting for an approval",
    route: "socket",
    async before(_, terminal) {
      await terminal.say("Touch the marker");
      await terminal.shows("Do you want to proceed?");
    },
    after: (terminal) => terminal.insist("Enter", "The marker is there."),
  },
  {
    state: "a question is open",
    route: "socket",
    async before(_, terminal) {
      await terminal.say("Ask about the colour");
      await terminal.shows("Enter to select");
    },
    after: (terminal) => terminal.insist("Enter", "Blue it is."),
  },
  {
    state: "compacting",
    route: "socket",
    async before(world, terminal, cwd) {
      await hello(world, terminal, cwd);
      await terminal.say("/compact");
      await terminal.shows("Compacting");
    },
  },
  {
    state: "just resumed",
    route: "socket",
    args: ["--continue"],
  },
  {
    state: "after /clear",
    route: "socket",
    essential: true,
    async before(world, terminal, cwd) {
      await hello(world, terminal, cwd);
      const known = await world.sessions(cwd);
      await terminal.say("/clear");
      const ended = new Set(known.map(({ id }) => id));
      const goOn = async () => {
        const open = (await world.sessions(cwd)).filter(({ state }) => state !== "finished");
        return open.length > 0 && open.every(({ id }) => !ended.has(id));
      };
      await until(goOn, { timeoutMs: 15_000, what: "the session that goes on, alone" });
    },
  },
  {
    state: "bypass mode",
    route: "socket",
    args: [BYPASS],
    env: { IS_SANDBOX: "1" },
    before: hello,
  },
  {
    state: "the recorder was killed and is starting",
    route: "socket",
    async before(world, terminal, cwd) {
      await hello(world, terminal, cwd);
      await world.chain.drained();
      await world.chain.daemon.kill();
      await world.chain.daemon.start();
    },
  },
  {
    state: "a tool runs, and the recorder is killed meanwhile",
    route: "socket",
    args: ["--allowedTools", "Bash"],
    essential: true,
    async before(_, terminal) {
      await terminal.say("Run the tool");
      await terminal.shows("Running.");
    },
    async after(terminal, { chain }) {
      await chain.daemon.kill();
      await terminal.shows("It ran.");
      await chain.daemon.start();
    },
  },
  { state: "a printed run (-p)", route: "socket", print: "Run the tool" },
  {
    state: "no MCP server, idle",
    route: "socket",
    args: ["--strict-mcp-config"],
    before: hello,
    essential: true,
  },
  {
    state: "no MCP server, bypass mode",
    route: "socket",
    args: ["--strict-mcp-config", BYPASS],
    env: { IS_SANDBOX: "1" },
    before: hello,
  },
  { state: "no inbox, idle", home: "no inbox", route: "hook", before: hello, essential: true },
  {
    state: "no inbox, a tool runs",
    home: "no inbox",
    route: "hook",
    args: ["--allowedTools", "Bash"],
    async before(_, terminal) {
      await terminal.say("Run the tool");
      await terminal.shows("Running.");
    },
  },
  {
    state: "the inbox refuses messages",
    home: "refusing",
    route: "hook",
    before: hello,
    essential: true,
  },
  {
    state: "no MCP server and no bell (an older client), idle",
    route: "none",
    home: "no bell",
    args: ["--strict-mcp-config"],
    before: hello,
  },
  {
    state: "no MCP server and no bell (an older client), a tool runs",
    route: "hook",
    home: "no bell",
    args: ["--strict-mcp-config", "--allowedTools", "Bash"],
    async before(_, terminal) {
      await terminal.say("Run the tool");
      await terminal.shows("Running.");
    },
  },
  {
    state: "a tool runs, and its driver presses Esc",
    route: "socket",
    args: ["--allowedTools", "Bash"],
    async before(_, terminal) {
      await terminal.say("Run the tool");
      await terminal.shows("Running.");
    },
    after: async (terminal) => terminal.press("Escape"),
  },
  { state: "the inbox holds messages back", home: "holding", route: "none", before: hello },
  {
    state: "off the record",
    route: "none",
    async before(world, terminal, cwd) {
      await hello(world, terminal, cwd);
      await world.chain.polaris("pause", "--agent-session", await world.agentSession(cwd));
    },
    essential: true,
  },
  {
    state: "the agent's process was killed",
    route: "none",
    async before(world, terminal, cwd) {
      await hello(world, terminal, cwd);
      await world.chain.drained();
      await terminal.kill();
    },
  },
];
