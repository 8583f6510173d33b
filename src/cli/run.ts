import { exitCodeOf, PolarisError } from "../wire/error.ts";
import { COMMANDS, type Command, type CommandName } from "./commands.ts";
import { homed } from "./home.ts";
import { VERSION } from "./version.ts";

/** The whole program: finds the command, runs it, and turns an error into one line, a hint and an exit code. */
export async function run(argv: string[]): Promise<void> {
  const [name, ...args] = homed(argv);
  if (name === "--version" || name === "-v" || name === "version") return void console.log(VERSION);
  if (name === "--help" || name === "-h" || name === "help") return void console.log(overview());
  try {
    if (!name) return await (await import("./begin.ts")).begin();
    const command = await find(name);
    if (args.includes("--help") || args.includes("-h"))
      return void console.log(command.help.trim());
    await command.run(args);
    // `npm run dev`: Bun's watcher (1.4.5) would wait for the next change, also after Ctrl-C.
    if (process.execArgv.includes("--watch")) process.exit();
  } catch (error) {
    report(error, args.includes("--json"));
    process.exitCode = exitCodeOf(error);
  }
}

async function find(name: string): Promise<Command> {
  if (!Object.hasOwn(COMMANDS, name)) {
    throw new PolarisError("usage", `There is no command "${name}".`, {
      hint: "See polaris --help.",
    });
  }
  return await COMMANDS[name as CommandName].load();
}

function report(error: unknown, json: boolean): void {
  if (error instanceof PolarisError) {
    if (json) return void console.error(JSON.stringify(error.toBody()));
    console.error(`polaris: ${error.message}${error.hint ? ` — ${error.hint}` : ""}`);
    return;
  }
  const message = error instanceof Error ? error.message : String(error);
  if (json) console.error(JSON.stringify({ error: { code: "internal", message, hint: "" } }));
  else console.error(`polaris: ${message}`);
  if (process.env.POLARIS_DEBUG && error instanceof Error) console.error(error.stack);
}

function overview(): string {
  const rows = Object.entries(COMMANDS).map(([name, { about }]) => `  ${name.padEnd(10)} ${about}`);
  return `polaris ${VERSION}: records coding-agent sessions and streams them live.

Usage: polaris <command> [options]
       polaris                      sets up what is missing on this machine and signs in

${rows.join("\n")}

polaris <command> --help tells more and gives examples.`;
}
