import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../src/lib/until.ts";
import type { StoredEvent } from "../../src/wire/event.ts";
import { startModel } from "../doubles/model.ts";
import { type Chain, startChain } from "../helpers/chain.ts";
import { print } from "./client.ts";
import { HOMES, type HomeName, hello, type Row, SCRIPTS } from "./states.ts";
import { BYPASS, seedHome, startTerminal, type Terminal } from "./terminal.ts";

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
