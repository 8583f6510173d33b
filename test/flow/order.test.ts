import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { until } from "../../src/lib/until.ts";
import { left } from "../../src/machine/left.ts";
import { write } from "../faults/writer.ts";
import { callHook } from "../helpers/agent.ts";
import { type Chain, startChain } from "../helpers/chain.ts";

setDefaultTimeout(60_000);

test("A8: long turns that ran while no recorder did are taken up from spool and transcript, in order, once", async () => {
  await using chain = await startChain();
  const cwd = await chain.linked("site");
  await chain.daemon.kill("SIGTERM");
  const { said } = await write({
    name: "s",
    project: "site",
    home: chain.home,
    cwd,
    env: chain.env,
    pid: 4242,
    lines: 1_200,
    turn: 600,
    pace: async () => {},
  });
  expect(left(chain.place)).toBe(6);
  await chain.daemon.start();
  const events = await ended(chain, "site");
  const keys = said.map(({ key }) => key);
  expect(events.map(({ kind, text }) => (text ? `${kind} ${text}` : kind))).toEqual([
    "session.start",
    ...keys.slice(0, 600),
    "turn.end",
    ...keys.slice(600),
    "turn.end",
    "session.end",
  ]);
  await until(() => left(chain.place) === 0, { what: "nothing to be left" });
});

test("A8: without a transcript the hooks alone tell the session, in order, once", async () => {
  await using chain = await startChain();
  const cwd = await chain.linked("site");
  const transcript_path = join(chain.home, ".claude/projects/away/s.jsonl");
  const about = { session_id: "s", cwd, transcript_path };
  const turn = { ...about, prompt_id: crypto.randomUUID() };
  await callHook(chain.env, { ...about, hook_event_name: "SessionStart", source: "startup" });
  await callHook(chain.env, { ...turn, hook_event_name: "UserPromptSubmit", prompt: "What now?" });
  await callHook(chain.env, {
    ...turn,
    hook_event_name: "Stop",
    last_assistant_message: "Nothing.",
  });
  await callHook(chain.env, { ...about, hook_event_name: "SessionEnd", reason: "other" });
  await until(async () => (await chain.log("site")).length >= 5, { what: "five events" });
  const told = (await chain.log("site")).map(({ kind, text = "" }) => `${kind} ${text}`.trim());
  expect(told).toEqual([
    "session.start",
    "user.message What now?",
    "agent.message Nothing.",
    "turn.end",
    "session.end",
  ]);
  expect((await chain.sessions("site"))[0]).toMatchObject({ state: "finished", prompts: 1 });
});

async function ended(chain: Chain, project: string) {
  await until(async () => (await chain.log(project)).at(-1)?.kind === "session.end", {
    timeoutMs: 30_000,
    everyMs: 50,
    what: "the end of the session",
  });
  return await chain.log(project);
}
