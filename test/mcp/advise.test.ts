import { expect, test } from "bun:test";
import { until } from "../../src/lib/until.ts";
import type { Injection } from "../../src/wire/injection.ts";
import type { Page, Session } from "../../src/wire/session.ts";
import { callHook } from "../helpers/agent.ts";
import { person } from "../helpers/people.ts";
import { type Polaris, startPolaris } from "../helpers/polaris.ts";
import { type Recorder, startRecorder } from "../helpers/recorder.ts";
import { startAgent } from "./client.ts";

/** An agent session that begins in a linked directory of this machine; its name on the server. */
async function begin(polaris: Polaris, here: Recorder, driver: string): Promise<string> {
  const cwd = await here.linked("site");
  const start = { hook_event_name: "SessionStart", source: "startup", session_id: "one", cwd };
  await callHook(here.env, { ...start, transcript_path: `${cwd}/one.jsonl` }, process.pid);
  return await until(async () => {
    const { items } = await polaris.json<Page<Session>>("/projects/site/sessions");
    return items.find((one) => one.driver === driver)?.name;
  });
}

test("C1, C2, C5, C6: an agent advises another session, is not taken for its person, finds the answer, and sends no secret", async () => {
  await using polaris = await startPolaris();
  const priya = await person(polaris.db, polaris.caller.org, "priya", "member");
  await using first = await startRecorder(polaris);
  await using second = await startRecorder(polaris, {
    token: (await priya.token()).secret,
    participant: priya.participant,
  });
  const own = await begin(polaris, first, "user:manu");
  const other = await begin(polaris, second, "user:priya");
  await using asks = await startAgent(first.env);
  await using answers = await startAgent(second.env);

  const said = await asks.use("polaris_advise", { session: other, text: "Which port is it?" });
  expect(said.isError).toBeUndefined();
  expect(said.text).toContain(`Queued for site/${other}`);
  const list = `/projects/site/sessions/${other}/injections`;
  const [sent, ...more] = (await polaris.json<Page<Injection>>(list)).items;
  expect(more).toEqual([]);
  expect(sent).toMatchObject({ from: "user:manu", via: "mcp", text: "Which port is it?" });
  expect(sent?.fromName).toStartWith("An agent of ");

  let read = "";
  await until(async () => {
    read = (await answers.use("polaris_inbox")).text;
    return read !== "Nothing.";
  });
  expect(read).toContain(`From: ${sent?.fromName} (user:manu, owner), mcp, `);
  expect(read).toContain("> Which port is it?");
  await answers.use("polaris_reply", { id: sent?.id, text: "4321." });
  await until(async () =>
    (await asks.use("polaris_context", { session: other })).text.includes(
      "injection.answered: 4321.",
    ),
  );

  const itself = await asks.use("polaris_advise", { session: own, text: "Hello me." });
  expect(itself).toEqual({ text: "That is this session.", isError: true });
  const secret = `ghp_${"7aQ".repeat(12)}`;
  await asks.use("polaris_advise", { session: other, text: `Use ${secret} for it.` });
  await answers.use("polaris_reply", { id: sent?.id, text: `Or ${secret}.` });
  await asks.use("polaris_rename", { label: `with ${secret}` });
  await until(async () => {
    const all = await polaris.messages("/projects/site");
    return all.some(({ kind, text }) => kind === "injection.answered" && text?.startsWith("Or "));
  });
  const held = JSON.stringify([
    await polaris.messages("/projects/site"),
    await polaris.json("/projects/site/sessions"),
    await polaris.json(list),
  ]);
  expect(held).not.toContain(secret);
  expect(held.split("[redacted:").length).toBeGreaterThan(3);

  await first.run("pause", "--agent-session", "one");
  const offTheRecord = await asks.use("polaris_advise", { session: other, text: "Psst." });
  expect(offTheRecord).toEqual({
    text: "Nothing was sent: this session is off the record. The user can type: /polaris resume",
    isError: true,
  });
  await first.run("resume", "--agent-session", "one");
  const nobody = await asks.use("polaris_advise", { session: "nowhere", text: "Hello?" });
  expect(nobody.isError).toBe(true);
}, 30_000);
