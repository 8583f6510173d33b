import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../src/lib/until.ts";
import type { StoredEvent } from "../../src/wire/event.ts";
import { type Step, startModel } from "../doubles/model.ts";
import { type Chain, startChain } from "../helpers/chain.ts";
import { print } from "./client.ts";
import { BYPASS, seedHome, startTerminal, type Terminal } from "./terminal.ts";

const QUESTION = {
  question: "Which colour should the button have?",
  header: "Colour",
  multiSelect: false,
  options: [
    { label: "Blue", description: "as the sky" },
    { label: "Red", description: "as fire" },
  ],
};

const SCRIPTS: Record<string, Step[]> = {
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
  "Ask about the colour": [
    { text: "One question first.", tool: "AskUserQuestion", input: { questions: [QUESTION] } },
    { text: "Blue it is." },
  ],
  "create a detailed summary of": [{ text: "<summary>All was well.</summary>", waitMs: 3_000 }],
};

/** Ways in which a machine may be set up. */
const HOMES = {
  usual: {},
  /** Its agents have no inbox: an older client, or another provider's. */
  "no inbox": { strip: true },
  /** Its client starts no hook when a file changes. */
  "no bell": { silent: true },
  refusing: { settings: { crossSessionInbound: "refuse" } },
  holding: { settings: { crossSessionInbound: "hold" } },
} as const;
type HomeName = keyof typeof HOMES;

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
  /** After the advice was sent: what lets the session go on. */
  after?: (terminal: Terminal, world: World) => Promise<unknown>;
  /** A printed run instead of a terminal. */
  print?: string;
  essential?: boolean;
}

/** A turn, and its end. */
const hello = async (world: World, terminal: Terminal, cwd: string) => {
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
      await until(async () => (await world.sessions(cwd)).length > known.length, {
        timeoutMs: 15_000,
        what: "the session that goes on",
      });
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

/** What became of one piece of advice. */
export interface Outcome {
  row: Row;
  /** In milliseconds since it was sent. */
  deliveredMs: number | undefined;
  modelMs: number | undefined;
  seenMs: number | undefined;
  failedMs: number | undefined;
  route: string | undefined;
  reason: string | undefined;
  /** How often the latest request of that conversation holds it. */
  copies: number;
  /** How its entry into the conversation is recorded. */
  entries: StoredEvent[];
  receipts: string[];
}

export async function startWorld() {
  await using stack = new AsyncDisposableStack();
  const chain: Chain = stack.use(await startChain());
  const model = stack.use(startModel(SCRIPTS));
  const homes = new Map<HomeName, string>();
  let count = 0;

  async function homeOf(name: HomeName): Promise<string> {
    const known = homes.get(name);
    if (known) return known;
    const home = name === "usual" ? chain.home : join(chain.folder, name.replace(/\W/g, "-"));
    mkdirSync(join(home, ".claude"), { recursive: true });
    const setting: { strip?: boolean; silent?: boolean; settings?: object } = HOMES[name];
    await chain.polaris("install", "--home", home);
    const settings = join(home, ".claude/settings.json");
    if (setting.settings) {
      const before: object = JSON.parse(readFileSync(settings, "utf8"));
      writeFileSync(settings, JSON.stringify({ ...before, ...setting.settings }));
    }
    if (setting.strip) strip(join(home, ".claude/skills/polaris"));
    if (setting.silent) {
      const hooks = join(home, ".claude/skills/polaris/hooks/hooks.json");
      const all: object = JSON.parse(readFileSync(hooks, "utf8"));
      const isBell = (key: string) => key === "FileChanged";
      const rest = JSON.stringify(all, (key, value) => (isBell(key) ? undefined : value));
      writeFileSync(hooks, rest);
    }
    homes.set(name, home);
    return home;
  }

  const owned = stack.move();
  const projectOf = (cwd: string) => cwd.split("/").at(-1) ?? "";
  const sessions = (cwd: string) => chain.sessions(projectOf(cwd));
  return {
    chain,
    model,
    sessions,
    projectOf,
    async agentSession(cwd: string): Promise<string> {
      const { bindings } = await chain.status();
      return bindings.findLast((bound) => bound.cwd === cwd)?.agentSession ?? "";
    },
    /** A directory of its own for one row. */
    async place(home: HomeName = "usual"): Promise<{ home: string; cwd: string }> {
      const path = await homeOf(home);
      const cwd = await chain.linked(`row-${++count}`);
      seedHome(path, cwd);
      return { home: path, cwd };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
export type World = Awaited<ReturnType<typeof startWorld>>;

/** Takes the inbox from everything of ours that the agent starts, as if it had none. */
function strip(plugin: string): void {
  const without = (command: string) =>
    `env -u CLAUDE_CODE_MESSAGING_SOCKET -u CLAUDE_CODE_MESSAGING_TOKEN ${command}`;
  for (const name of ["hooks/hooks.json", ".mcp.json"]) {
    const path = join(plugin, name);
    const plain: unknown = JSON.parse(readFileSync(path, "utf8"), (_, value) => {
      if (typeof value?.command !== "string") return value;
      const { command, args, ...rest } = value;
      if (!args) return { ...rest, command: without(command) };
      return {
        ...rest,
        command: "env",
        args: [...without("").split(" ").slice(1, -1), command, ...args],
      };
    });
    writeFileSync(path, JSON.stringify(plain));
  }
}

/** Brings a session into the state, sends advice through the API, and watches what becomes of it. */
export async function run(world: World, row: Row): Promise<Outcome> {
  const { chain, model } = world;
  const { home, cwd } = await world.place(row.home);
  const project = world.projectOf(cwd);
  const options = { cwd, args: row.args ?? [], env: row.env ?? {} };
  if (row.print) {
    const printing = print(chain, model, { cwd, prompt: row.print });
    await running(world, cwd);
    await until(async () => (await chain.log(project)).some(({ kind }) => kind === "tool.call"), {
      timeoutMs: 20_000,
    });
    const outcome = await advise(world, row, project);
    await printing;
    return outcome;
  }
  const first = startTerminal({ home, place: chain.place }, model, {
    ...options,
    args: options.args.filter((arg) => arg !== "--continue"),
  });
  await using stack = new AsyncDisposableStack();
  stack.use(first);
  await ready(first, row);
  if (options.args.includes("--continue")) {
    await hello(world, first, cwd);
    await chain.drained();
    await first.kill("SIGTERM");
    const again = stack.use(startTerminal({ home, place: chain.place }, model, options));
    await ready(again, row);
    await running(world, cwd);
    return await advise(world, row, project);
  }
  await row.before?.(world, first, cwd);
  if (row.route !== "none") await running(world, cwd);
  return await advise(world, row, project, () => row.after?.(first, world));
}

/** The client asks once for each home whether it is meant. */
async function ready(terminal: Terminal, { args = [] }: Row): Promise<void> {
  if (!args.includes(BYPASS)) return await terminal.shows("manual mode on");
  const asked = terminal.shows("Yes, I accept").then(() => true);
  const open = terminal.shows("bypass permissions on").then(() => false);
  asked.catch(() => undefined);
  open.catch(() => undefined);
  if (!(await Promise.any([asked, open]))) return;
  await terminal.insist("Down", "❯ Yes, I accept");
  await terminal.insist("Enter", "bypass permissions on");
}

const running = (world: World, cwd: string) =>
  until(async () => (await world.sessions(cwd)).some(({ state }) => state !== "finished"), {
    timeoutMs: 20_000,
    what: "a running session on the server",
  });

async function advise(
  { chain, model }: World,
  row: Row,
  project: string,
  after?: () => Promise<unknown> | undefined,
): Promise<Outcome> {
  const all = await chain.sessions(project);
  const session = all.find(({ state }) => state !== "finished") ?? all[0];
  const text = `Mind the ${Bun.randomUUIDv7().slice(-12)} gap`;
  const path = `${chain.url}/projects/${project}/sessions/${session?.name}/inject`;
  const headers = { authorization: `Bearer ${chain.token}`, "content-type": "application/json" };
  const began = performance.now();
  const since = () => Math.round(performance.now() - began);
  const response = await fetch(path, { method: "POST", headers, body: JSON.stringify({ text }) });
  if (!response.ok) throw new Error(`${row.state}: ${await response.text()}`);
  // The shape is this helper's claim; what tests assert is the check.
  const { id } = (await response.json()) as { id: string };
  const times: Record<string, number> = {};
  const asked = () => model.asked.filter(({ body }) => body.includes(text));
  const log = async () => {
    const events = await chain.log(project);
    for (const { kind, body } of events) if (body.injection === id) times[kind] ??= since();
    return events;
  };
  await until(
    async () => {
      if (asked().length > 0) times.model ??= since();
      await log();
      return (
        times["injection.delivered"] || times["injection.failed"] || times["injection.expired"]
      );
    },
    { timeoutMs: 45_000, what: `${row.state}: a receipt` },
  );
  await after?.();
  const isOver = () =>
    (times["injection.seen"] && times.model) ||
    times["injection.failed"] ||
    times["injection.expired"];
  await until(
    async () => {
      if (asked().length > 0) times.model ??= since();
      await log();
      return isOver();
    },
    { timeoutMs: 45_000, what: `${row.state}: the end of its way` },
  );
  // A second copy would come with one of the next requests.
  await Bun.sleep(1_000);
  const events = await log();
  const receipts = events.filter(({ body }) => body.injection === id);
  const last = receipts.at(-1)?.body ?? {};
  return {
    row,
    deliveredMs: times["injection.delivered"],
    modelMs: times.model,
    seenMs: times["injection.seen"],
    failedMs: times["injection.failed"] ?? times["injection.expired"],
    route: typeof last.route === "string" ? last.route : undefined,
    reason: typeof last.reason === "string" ? last.reason : undefined,
    copies: (asked().at(-1)?.body.split(text).length ?? 1) - 1,
    entries: events.filter((event) => event.kind === "user.message" && event.text?.includes(text)),
    receipts: receipts.map(({ kind }) => kind.replace("injection.", "")),
  };
}
