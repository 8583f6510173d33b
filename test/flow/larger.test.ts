import { expect, setDefaultTimeout, test } from "bun:test";
import { appendFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { until } from "../../src/lib/until.ts";
import { callHook } from "../helpers/agent.ts";
import { startChain } from "../helpers/chain.ts";

setDefaultTimeout(90_000);

test("A6, A8: an answer larger than the server keeps is named in its session, and what follows it arrives", async () => {
  await using chain = await startChain();
  const cwd = await chain.linked("site");
  const session = crypto.randomUUID();
  const transcript = join(chain.home, `.claude/projects/-site/${session}.jsonl`);
  mkdirSync(dirname(transcript), { recursive: true });
  const say = (text: string) => {
    const message = { role: "assistant", model: "m", content: [{ type: "text", text }] };
    const [uuid, timestamp] = [crypto.randomUUID(), new Date().toISOString()];
    const line = { type: "assistant", uuid, timestamp, message, sessionId: session, cwd };
    appendFileSync(transcript, `${JSON.stringify({ ...line, version: "2.1.329" })}\n`);
  };
  const about = { session_id: session, transcript_path: transcript, cwd };
  await callHook(chain.env, { ...about, hook_event_name: "SessionStart", source: "startup" });
  say("before");
  say("x".repeat(20 * 1024 * 1024));
  say("after");
  await callHook(chain.env, { ...about, hook_event_name: "SessionEnd", reason: "other" });
  const log = await until(
    async () => {
      const log = await chain.log("site");
      return log.some(({ kind }) => kind === "session.end") && log;
    },
    { timeoutMs: 40_000, what: "the session's end" },
  );
  const texts = log.filter(({ kind }) => kind === "agent.message").map(({ text }) => text);
  expect(texts).toEqual(["before", "after"]);
  const [note] = log.filter(({ body }) => body.refused !== undefined);
  expect(note?.body.bytes).toBeGreaterThan(20e6);
  expect(note?.text).toContain("16 MB");
});
