import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { until } from "../../src/lib/until.ts";
import { ask } from "../../src/machine/local.ts";
import type { Joined } from "../../src/wire/local.ts";
import type { ToolAnswer } from "../../src/wire/tools.ts";
import { type Polaris, startMachine, startPolaris } from "../helpers/polaris.ts";
import { type Recorder, startRecorder } from "../helpers/recorder.ts";

const START = { sender: "agent:claude", kind: "session.start", body: { source: "startup" } };
const ANSWER = { sender: "agent:claude", kind: "agent.message", text: "It retries." };

/** A session of another machine, on the server, its seat open. `lost`: that machine has lost its second event. */
async function elsewhere(
  polaris: Polaris,
  {
    name,
    events,
    state,
  }: { name: string; events: object[]; state: "complete" | "missing" | "open" },
) {
  const machine = startMachine({ project: "etl", name });
  const lines = events.map((event) => machine.line({ text: "Make it retry.", ...event }));
  const head = machine.head({ driver: null, cwd: "/home/krishna/etl" });
  await polaris.ingest([head, ...lines]);
  if (state === "open") return machine;
  const ids = lines.map((line): string => JSON.parse(line).id);
  const hash = new Bun.CryptoHasher("sha256").update(ids.map((id) => `${id}\n`).join(""));
  const whole = { from: 1, to: ids.length, floor: 1, count: ids.length, hash: hash.digest("hex") };
  const to = ids.length + 1;
  const holes = [[to, to]];
  const check = state === "complete" ? whole : { ...whole, to, holes };
  const body = {
    machine: JSON.parse(head).machine.id,
    checks: [{ session: machine.session, ...check }],
  };
  expect((await polaris.post("/ingest/checks", body)).status).toBe(200);
  return machine;
}

function workOf({ folder }: Recorder): string {
  const work = join(folder, "it's here");
  mkdirSync(work, { recursive: true });
  return work;
}

test("B8, G4: a conversation that is whole on the server is put where the agent finds it, for its person alone", async () => {
  await using polaris = await startPolaris();
  await using recorder = await startRecorder(polaris);
  const work = workOf(recorder);
  const events = [START, { body: { origin: "user" } }, ANSWER];
  await elsewhere(polaris, { name: "loader", events, state: "complete" });

  const claimed = await recorder.run("claim", "etl/loader");
  expect(claimed.out).toContain("user:manu drives etl/loader.");
  expect(claimed.out).toContain("polaris join etl loader --continue");
  const offered = await recorder.runIn(work, "join", "etl", "loader", "--json");
  expect(JSON.parse(offered.out).offer).toMatchObject({
    from: "record",
    command: "polaris join etl loader --continue",
    why: null,
  });
  const done = await recorder.runIn(work, "join", "etl", "loader", "--continue", "--json");
  const { command, path, agentSession, messages } = JSON.parse(done.out);
  expect(command).toBe(`cd '${work.replace("'", "'\\''")}' && claude --resume ${agentSession}`);
  expect(path).toStartWith(join(recorder.home, ".claude/projects"));
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(messages).toBe(2);
  const text = readFileSync(path, "utf8");
  expect(text).toContain("Make it retry.");
  expect(text).toContain("user:manu drives");
  expect(text).toContain("said elsewhere (in /home/krishna/etl)");
  expect(text).not.toContain("begins in the middle");
  // The file is the agent's from here on; what it repeats is never recorded again.
  expect(await recorder.rows("import", path, "--project", "etl")).toMatchObject([{ fresh: 0 }]);
  expect(await polaris.json("/audit?action=session.exported")).toMatchObject({
    items: [{ target: "etl/loader" }],
  });
}, 60_000);

test("B8: what the server has not whole is not offered as the conversation, and why is said", async () => {
  await using polaris = await startPolaris();
  await using recorder = await startRecorder(polaris);
  const work = workOf(recorder);
  const events = [START, { body: { origin: "user" } }, ANSWER];
  for (const state of ["missing", "open"] as const) {
    await elsewhere(polaris, { name: state, events, state });
  }
  const offered = await recorder.runIn(work, "join", "etl", "missing");
  expect(offered.out).toContain("goes on with etl/missing");
  const why = "cannot go on here: 1 of its events never reached the server.";
  expect(offered.out).toContain(why);
  const told = await recorder.runIn(work, "join", "etl", "missing", "--continue");
  expect(told).toMatchObject({ code: 1, out: "" });
  expect(told.err).toContain(why.slice(0, -1));
  expect(told.err).toContain("begins with the brief");
  // Nobody knows yet whether it is whole: the machine may be on its way to say so.
  const asked = await recorder.runIn(work, "join", "etl", "open", "--continue");
  expect(asked).toMatchObject({ code: 1, out: "" });
  expect(asked.err).toContain("has not confirmed yet that all of it is here");
  const projects = join(recorder.home, ".claude/projects");
  expect(existsSync(projects) ? readdirSync(projects) : []).toEqual([]);
}, 60_000);

test("B8: a record that begins in the middle says so to the agent", async () => {
  await using polaris = await startPolaris();
  await using recorder = await startRecorder(polaris);
  const start = { ...START, body: { source: "resume" } };
  const events = [start, { body: { origin: "user" } }, ANSWER];
  await elsewhere(polaris, { name: "joined", events, state: "complete" });
  const work = workOf(recorder);
  const done = await recorder.runIn(work, "join", "etl", "joined", "--continue", "--json");
  expect(readFileSync(JSON.parse(done.out).path, "utf8")).toContain("begins in the middle");
}, 60_000);

test("B8, G4: an agent that joins is told how its user goes on with the earlier conversation, and goes on with none itself", async () => {
  await using polaris = await startPolaris();
  await using recorder = await startRecorder(polaris);
  const events = [START, { body: { origin: "user" } }, ANSWER];
  await elsewhere(polaris, { name: "loader", events, state: "complete" });
  const one = "01982f1e-2c8a-4b7e-9a52-0c2d6f3a1b4c";
  await recorder.hook({ session_id: one, hook_event_name: "SessionStart", source: "startup" });
  const inside = ["--agent-session", one];
  const refused = await recorder.run("join", "etl", "loader", "--continue", ...inside);
  expect(refused.code).toBe(2);
  expect(refused.err).toContain("An agent is running here.");
  const answer = await ask<ToolAnswer>(recorder.place, "/tool", {
    pid: 4242,
    tool: "polaris_connect",
    input: { project: "etl", session: "loader" },
  });
  expect(answer.text).toContain("Connected: recorded as etl/loader");
  expect(answer.text).toContain("Make it retry.");
  expect(answer.text).toContain("For the user, not for you: The agent's own conversation");
  expect(answer.text).toContain("polaris join etl loader --continue");
  const again = await ask<Joined>(recorder.place, "/join", { agentSession: one, project: "etl" });
  expect(again.offer).toBeNull();
}, 60_000);

test("B2, B8: the conversation that was offered goes on in its session, wherever it is taken up", async () => {
  await using polaris = await startPolaris();
  await using recorder = await startRecorder(polaris);
  const transcript = recorder.put("print-tools");
  const one = basename(transcript, ".jsonl");
  const cwd = "/home/dev/project";
  const start = { hook_event_name: "SessionStart", session_id: one, cwd };
  await recorder.run("link", "etl", recorder.folder);
  await recorder.hook({
    ...start,
    source: "startup",
    transcript_path: transcript,
    cwd: recorder.folder,
  });
  await until(async () => (await recorder.events("etl")).some(({ kind }) => kind === "tool.call"));
  const before = (await recorder.status()).bindings;
  const name = before[0]?.name ?? "";
  await recorder.drained();
  await recorder.run("leave", "--agent-session", one);

  // Another one goes on with the brief; its person then takes the offer.
  const two = "01982f1e-2c8a-4b7e-9a52-0c2d6f3a1b4c";
  await recorder.hook({ session_id: two, hook_event_name: "SessionStart", source: "startup", cwd });
  const join = { pid: 4242, tool: "polaris_connect", input: { project: "etl", session: name } };
  const { text } = await ask<ToolAnswer>(recorder.place, "/tool", join);
  expect(text).toContain(`cd ${cwd} && claude --resume ${one}`);
  await recorder.hook({ session_id: two, hook_event_name: "SessionEnd", reason: "other" });
  await recorder.hook({ ...start, source: "resume", transcript_path: transcript });
  const after = (await recorder.status()).bindings;
  expect(after).toMatchObject([{ agentSession: one, session: before[0]?.session }]);
  await recorder.drained();
  const ids = (await recorder.events("etl")).map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const calls = (await recorder.events("etl")).filter(({ kind }) => kind === "tool.call");
  expect(calls).toHaveLength(5);
}, 60_000);
