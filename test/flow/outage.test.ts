import { expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../../src/lib/until.ts";
import { judge } from "../faults/verdict.ts";
import { write } from "../faults/writer.ts";
import { callHook } from "../helpers/agent.ts";
import { type Chain, startChain } from "../helpers/chain.ts";
import { program } from "../helpers/service.ts";

setDefaultTimeout(90_000);

const HOUR = 3_600_000;
const clean = { lost: 0, twice: 0, strange: 0, moved: 0, facts: 0, counters: 0 };

test("A8: hours of work without a server wait on the machine, and arrive in order once it is back", async () => {
  await using chain = await startChain();
  const cwd = await chain.linked("site");
  await chain.server.kill("SIGKILL");
  const written = await session(chain, cwd, { lines: 5_000, turn: 500 });
  const { server, journal } = await until(async () => {
    const status = await chain.status();
    return status.journal.pending >= 5_000 && status;
  });
  expect(server.state).toBe("waiting");
  expect(server.error).toBeTruthy();
  expect(journal).toMatchObject({ refused: 0, error: null });
  await chain.server.start();
  await ended(chain);
  expect(judge(written, await chain.log("site"), await chain.sessions("site"))).toMatchObject(
    clean,
  );
  const log = await chain.log("site");
  expect(log.map(({ seq }) => seq)).toEqual(log.map((_, at) => at + 1));
  expect((await chain.status()).server.state).toBe("connected");
});

test("A8: a second recorder says who records already, ends, and disturbs nothing", async () => {
  await using chain = await startChain();
  const cwd = await chain.linked("site");
  const second = Bun.spawn([...program, "daemon"], {
    env: chain.env,
    stdout: "ignore",
    stderr: "pipe",
  });
  expect(await new Response(second.stderr).text()).toContain(`(pid ${chain.daemon.pid})`);
  expect(await second.exited).toBe(1);
  const written = await session(chain, cwd, { lines: 6, turn: 6 });
  await ended(chain);
  expect(judge(written, await chain.log("site"), await chain.sessions("site"))).toMatchObject(
    clean,
  );
});

test("A8: on a machine whose clock is two hours ahead and then set right, order and ends stay right", async () => {
  await using chain = await startChain();
  const cwd = await chain.linked("site");
  await chain.daemon.kill("SIGTERM");
  chain.shiftClock(2 * HOUR);
  await chain.daemon.start();
  const about = { session_id: "s", cwd, transcript_path: `${chain.home}/.claude/none/s.jsonl` };
  const turn = { ...about, prompt_id: crypto.randomUUID() };
  const hook = (payload: object) => callHook(chain.env, payload);
  await hook({ ...about, hook_event_name: "SessionStart", source: "startup" });
  await until(async () => (await chain.log("site")).length === 1);
  await hook({ ...turn, hook_event_name: "UserPromptSubmit", prompt: "What time is it?" });
  // What is held by the wrong clock must not wait two hours for the right one.
  await chain.daemon.kill("SIGKILL");
  chain.shiftClock(0);
  await chain.daemon.start();
  await hook({ ...turn, hook_event_name: "Stop", last_assistant_message: "Half past." });
  await hook({ ...about, hook_event_name: "SessionEnd", reason: "other" });
  await ended(chain);
  const log = await chain.log("site");
  expect(log.map(({ kind }) => kind)).toEqual([
    "session.start",
    "user.message",
    "agent.message",
    "turn.end",
    "session.end",
  ]);
  // Times are kept as the machine said them; the server's own stand beside.
  const ahead = log.map(({ at, receivedAt }) => Date.parse(at) - Date.parse(receivedAt));
  expect(ahead.map((ms) => Math.abs(Math.round(ms / HOUR)))).toEqual([2, 2, 0, 0, 0]);
  expect((await chain.sessions("site"))[0]).toMatchObject({ state: "finished" });
});

const session = (chain: Chain, cwd: string, { lines, turn }: { lines: number; turn: number }) =>
  write({
    name: "s",
    project: "site",
    home: chain.home,
    cwd,
    env: chain.env,
    pid: 4242,
    lines,
    turn,
    pace: async () => {},
  });

const ended = (chain: Chain) =>
  until(async () => (await chain.log("site")).at(-1)?.kind === "session.end", {
    timeoutMs: 40_000,
    everyMs: 50,
    what: "the end of the session",
  });
