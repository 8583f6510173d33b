import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MAIN = join(import.meta.dir, "../../src/main.ts");

/** How the program is started from source. */
export const program = [process.execPath, MAIN];

/** A home directory of its own; nothing of this machine is seen or touched. */
export function world() {
  const home = mkdtempSync(join(tmpdir(), "polaris-"));
  const env = {
    HOME: home,
    PATH: process.env.PATH ?? "",
    POLARIS_HOME: join(home, ".polaris"),
    // Run from source, Bun now and then keeps what it has transpiled in the home directory; the executable does not.
    BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0",
  };
  return {
    home,
    polarisHome: env.POLARIS_HOME,
    env,
    [Symbol.dispose]: () => rmSync(home, { recursive: true, force: true }),
  };
}

export interface Ran {
  code: number;
  out: string;
  err: string;
  ms: number;
}

export async function start(
  command: string[],
  env: Record<string, string>,
  stdin: string | Uint8Array = "",
): Promise<Ran> {
  const started = performance.now();
  const child = Bun.spawn(command, {
    env,
    stdin: Buffer.from(stdin),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, out, err, ms: performance.now() - started };
}
