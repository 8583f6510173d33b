import { test } from "bun:test";

/** Why the real Claude Code is not here; `npm test` fetches it, or says why not. */
export const noClaude: string | undefined = process.env.POLARIS_TEST_CLAUDE
  ? undefined
  : (process.env.POLARIS_TEST_NO_CLAUDE ?? "POLARIS_TEST_CLAUDE is not set; npm test sets it");

/** A test that needs it: where it is missing the test is skipped, with the reason in its name. */
export function claudeTest(name: string, act: () => Promise<void>, timeoutMs = 60_000): void {
  if (noClaude) test.skip(`${name} — skipped: ${noClaude}`, act, timeoutMs);
  else test(name, act, timeoutMs);
}
