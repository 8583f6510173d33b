import { program } from "./service.ts";

/** One call of an installed hook, as Claude Code makes it: a process with the payload on standard input. */
export async function callHook(
  env: Record<string, string>,
  payload: object,
  pid = 4242,
): Promise<void> {
  const clock = env.POLARIS_TEST_CLOCK_MS && env.POLARIS_TEST_CLOCK_MS !== "0";
  const [bun = "", ...main] = program;
  const options = clock ? ["--preload", `${import.meta.dir}/clock.ts`] : [];
  const child = Bun.spawn([bun, ...options, ...main, "hook", "--agent", "claude"], {
    stdin: Buffer.from(JSON.stringify(payload)),
    stdout: "ignore",
    stderr: "ignore",
    env: { ...env, CLAUDE_PID: String(pid) },
  });
  const code = await child.exited;
  if (code !== 0) throw new Error(`a hook ended with ${code}`);
}
