import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Examined } from "../../src/cli/kit/doctor.ts";
import { writeCredentials } from "../../src/machine/credentials.ts";
import { type Paths, paths } from "../../src/machine/paths.ts";
import { isHeld, stopRecorder } from "../../src/machine/recorder.ts";
import { startServer } from "../daemon/server.ts";
import { temporary } from "../helpers/temp.ts";
import { program, type Ran, start } from "./program.ts";

/**
 * A developer's computer: a home with Claude Code's settings, a server to send to, and `polaris` as that person runs
 * it. The recorder that a test starts in the background ends with it.
 */
export async function makeMachine(command: readonly string[] = program) {
  const executable = [...command];
  await using parts = new AsyncDisposableStack();
  const folder = parts.use(temporary("plrs-kit-"));
  const home = join(folder.path, "h");
  const claude = join(home, ".claude");
  mkdirSync(claude, { recursive: true });
  writeFileSync(join(claude, "settings.json"), SETTINGS);
  const place: Paths = paths(join(home, ".polaris"));
  const server = parts.use(startServer());
  parts.defer(async () => {
    if (isHeld(place)) await stopRecorder(place);
  });
  const env: Record<string, string> = {
    HOME: home,
    PATH: process.env.PATH ?? "",
    // Run from source, Bun would keep what it has compiled in the home.
    BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0",
    POLARIS_MANAGED_SETTINGS: join(folder.path, "managed"),
  };
  const run = (...args: string[]): Promise<Ran> => start([...executable, ...args], env);
  const owned = parts.move();
  return {
    folder: folder.path,
    home,
    claude,
    settings: join(claude, "settings.json"),
    plugin: join(claude, "skills/polaris"),
    place,
    server,
    env,
    executable,
    run,
    /** The command must succeed. */
    async do(...args: string[]): Promise<string> {
      const { code, out, err } = await run(...args);
      if (code !== 0) throw new Error(`polaris ${args.join(" ")} ended with ${code}: ${err}${out}`);
      return out;
    },
    signIn: ({ url } = { url: server.url }) =>
      writeCredentials(place.credentials, {
        current: "default",
        profiles: { default: { url, token: server.token, participant: "user:manu" } },
      }),
    async doctor(...args: string[]): Promise<{ healthy: boolean; findings: Examined[] }> {
      const { out, err } = await run("doctor", "--json", ...args);
      if (!out) throw new Error(err);
      return JSON.parse(out);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
export type Computer = Awaited<ReturnType<typeof makeMachine>>;

/** Set as no serialiser would set it: what is not ours must come back byte for byte. */
export const SETTINGS =
  '{\r\n\t"theme":  "dark",\r\n\t"permissions": { "allow": [ "Bash(ls *)" ] },\r\n\r\n   "env": {"A": "\\u00e9{}"}\r\n}';

/** Every path below a folder, with mode and content. */
export function checksum(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {};
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .map((name) => join(folder, name))
      .sort()
      .map((path) => {
        const stat = statSync(path);
        const content = stat.isFile()
          ? new Bun.CryptoHasher("sha256").update(readFileSync(path)).digest("hex")
          : "folder";
        return [relative(folder, path), `${(stat.mode & 0o777).toString(8)} ${content}`];
      }),
  );
}
