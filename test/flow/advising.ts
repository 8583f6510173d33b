import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../src/lib/until.ts";
import { startModel } from "../doubles/model.ts";
import { type Chain, startChain } from "../helpers/chain.ts";
import { print } from "./client.ts";
import { advise, type Outcome } from "./sending.ts";
import { HOMES, type HomeName, hello, type Row, SCRIPTS } from "./states.ts";
import { BYPASS, seedHome, startTerminal, type Terminal } from "./terminal.ts";

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
  if (row.joined) await chain.polaris("unlink", cwd);
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
  if (row.joined) await joinLate(world, first, home, cwd);
  await row.before?.(world, first, cwd);
  if (row.route !== "none") await running(world, cwd);
  return await advise(world, row, project, {
    during: () => row.during?.(world, first, cwd),
    async after() {
      await row.after?.(first, world);
      if (!row.resumed) return;
      const again = stack.use(
        startTerminal({ home, place: chain.place }, model, { ...options, args: ["--continue"] }),
      );
      await ready(again, row);
    },
  });
}

/** A session that began unrecorded, and has had a turn, is joined. */
async function joinLate(
  world: World,
  terminal: Terminal,
  home: string,
  cwd: string,
): Promise<void> {
  const { chain } = world;
  await terminal.say("Say hello");
  await terminal.shows("Hello!");
  const folder = join(home, ".claude/projects", cwd.replace(/[^a-zA-Z0-9]/g, "-"));
  const [file = ""] = readdirSync(folder).filter((name) => name.endsWith(".jsonl"));
  const agentSession = file.replace(".jsonl", "");
  await chain.polaris("join", world.projectOf(cwd), "--agent-session", agentSession);
  await running(world, cwd);
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
