import { expect, test } from "bun:test";
import { join } from "node:path";

const SHUTDOWN = join(import.meta.dir, "../../src/lib/shutdown.ts");

/** A program whose last work never ends: only force does. */
async function hanging() {
  const script = `
    import { untilAskedToStop } from ${JSON.stringify(SHUTDOWN)};
    setInterval(() => undefined, 1000);
    process.on("SIGUSR2", () => console.log("still here"));
    const asked = untilAskedToStop();
    console.log("ready");
    console.log("asked by " + (await asked));
  `;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "inherit" });
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return {
    child,
    async says(words: string): Promise<void> {
      while (!text.includes(words)) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`it ended and did not say "${words}": ${text}`);
        text += value;
      }
      text = "";
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

test("G3: a signal that comes twice within a second is one request; another one, later, ends at once", async () => {
  await using program = await hanging();
  await program.says("ready");
  const began = performance.now();
  program.child.kill("SIGTERM");
  await program.says("asked by SIGTERM");
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) program.child.kill(signal);
  program.child.kill("SIGUSR2");
  await program.says("still here");
  expect(performance.now() - began).toBeLessThan(1_000);
  // The second that a launcher's own copy of the signal may take.
  await Bun.sleep(1_100);
  expect(program.child.exitCode).toBeNull();
  program.child.kill("SIGINT");
  expect(await program.child.exited).toBe(1);
});
