import { expect, test } from "bun:test";
import { until } from "../../src/lib/until.ts";
import type { Page, Session } from "../../src/wire/session.ts";
import { callHook } from "../helpers/agent.ts";
import { startMachine, startPolaris } from "../helpers/polaris.ts";
import { startRecorder } from "../helpers/recorder.ts";
import { startAgent } from "./client.ts";

test("B5, G4: an agent asks what its siblings did, with event ids, and for a brief", async () => {
  await using polaris = await startPolaris();
  await using here = await startRecorder(polaris);
  const { session, head, line } = startMachine({ project: "site", name: "billing" });
  const id = Bun.randomUUIDv7();
  await polaris.ingest([
    head({ driver: "user:priya" }),
    line({ sender: "user:priya", text: "Move the invoices to the queue", id, session }),
  ]);
  const cwd = await here.linked("site");
  await callHook(
    here.env,
    {
      hook_event_name: "SessionStart",
      session_id: "one",
      source: "startup",
      cwd,
      transcript_path: `${cwd}/one.jsonl`,
    },
    process.pid,
  );
  await here.drained();
  await using agent = await startAgent(here.env);
  const { text } = await agent.use("polaris_context");
  expect(text).toContain(`[${id}]`);
  expect(text).toContain("billing user:priya user.message: Move the invoices to the queue");
  const search = { search: "invoices", person: "user:priya" };
  await until(async () => (await agent.use("polaris_context", search)).text.includes(id));
  expect((await agent.use("polaris_context", { person: "user:krishna" })).text).toBe(
    "Nothing yet.",
  );
  const brief = await agent.use("polaris_context", { brief: true, session: "billing" });
  expect(brief.text).toContain("Move the invoices to the queue");
  const sessions = (await agent.use("polaris_sessions")).text.split("\n");
  expect(sessions.length).toBe(2);
  expect(sessions.join()).toContain("site/billing, user:priya with agent:claude");
  expect((await agent.use("polaris_rename", { label: "the queue" })).text).toContain("the queue");
  expect((await agent.use("polaris_sessions")).text).toContain("the queue");
  const taken = await agent.use("polaris_connect", { project: "site", session: "billing" });
  expect(taken.isError).toBe(true);
  expect(taken.text).toContain("user:priya drives site/billing: you are an advisor there");
  expect((await agent.use("polaris_status")).text).toContain("user:manu drives");
  const { items } = await polaris.json<Page<Session>>("/projects/site/sessions");
  const own = items.find(({ driver }) => driver === "user:manu")?.name;
  await polaris.post(`/projects/site/sessions/${own}/handoff`, {});
  // Who drives is not what it was when the recording began.
  expect((await agent.use("polaris_status")).text).toContain("nobody drives");
  await polaris.server[Symbol.asyncDispose]();
  const away = await agent.use("polaris_sessions");
  expect(away).toMatchObject({ isError: true });
  expect(away.text).toContain("does not answer");
  await until(async () => (await agent.use("polaris_status")).text.includes("Connected"));
}, 30_000);
