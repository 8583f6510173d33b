import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/root.ts";
import { isHost, TARGETS } from "../../scripts/targets.ts";

/** Our executable, built again when a source is newer, and a hello world built with the same options. */
export async function programs(): Promise<{ program: string; hello: string }> {
  const target = TARGETS.find(isHost);
  const program = join(ROOT, "dist", `polaris-${target}`);
  if (!isFresh(program)) await run(["scripts/build.ts"]);
  const hello = join(ROOT, `.cache/bench/hello-${Bun.version}`);
  if (!existsSync(hello)) await buildHello(hello);
  return { program, hello };
}

function isFresh(program: string): boolean {
  const built = statSync(program, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = ["src", "assets", "skills", "scripts"].flatMap((folder) => [
    ...new Bun.Glob("**/*").scanSync({ cwd: join(ROOT, folder), absolute: true }),
  ]);
  return sources.every((path) => statSync(path).mtimeMs < built);
}

async function run(args: string[]): Promise<void> {
  const child = Bun.spawn([process.execPath, ...args], {
    cwd: ROOT,
    stdout: "inherit",
    stderr: "inherit",
  });
  if ((await child.exited) !== 0) throw new Error(`${args.join(" ")} failed`);
}

/** The same options as in scripts/build.ts: what a program of this kind costs before it does anything. */
async function buildHello(outfile: string): Promise<void> {
  const source = `${outfile}.ts`;
  mkdirSync(join(outfile, ".."), { recursive: true });
  writeFileSync(
    source,
    `if (process.argv[2] === "read") await Bun.stdin.text();\nconsole.log("hello");\n`,
  );
  const { success, logs } = await Bun.build({
    entrypoints: [source],
    format: "esm",
    minify: true,
    splitting: true,
    bytecode: true,
    define: { "process.env.NODE_ENV": '"production"' },
    compile: { outfile, autoloadDotenv: false, autoloadBunfig: false },
  });
  if (!success) throw new Error(logs.map(String).join("\n"));
}
