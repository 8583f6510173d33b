import { expect, test } from "bun:test";
import { until } from "../../src/lib/until.ts";
import type { Injection } from "../../src/wire/injection.ts";
import { callHook } from "../helpers/agent.ts";
import { startPolaris } from "../helpers/polaris.ts";
import { startRecorder } from "../helpers/recorder.ts";
import { startInbox, startMcp } from "./inbox.ts";

test("C4: what was recalled while the machine was away is not delivered when it is back", async () => {
  await using polaris = await startPolaris();
  await using here = await startRecorder(polaris);
  await using inbox = await startInbox(here);
  const cwd = await here.linked("site");
  const start = { hook_event_name: "SessionStart", session_id: "one", source: "startup", cwd };
  await callHook(here.env, { ...start, transcript_path: `${cwd}/one.jsonl` }, process.pid);
  await here.drained();
  const name = (await here.status()).bindings[0]?.name;
  const path = `/projects/site/sessions/${name}`;
  const inject = async (text: string) =>
    await polaris.json<Injection>(`${path}/inject`, {
      method: "POST",
      body: JSON.stringify({ text }),
    });
  await here.daemon.kill();
  await using _mcp = startMcp(here, inbox.path);
  const recalled = await inject("never mind");
  const edited = await inject("use tabs");
  // So much that hearing all of it takes longer than the session's tools take to come back.
  const many = Array.from({ length: 1000 }, (_, n) => ({
    sender: "user:manu",
    kind: "notice",
    text: `${n} ${"x".repeat(2_000)}`,
    body: { kind: "noise" },
  }));
  for (let times = 0; times < 6; times++) await polaris.post(`${path}/events`, many);
  const one = `${path}/injections`;
  const change = (id: string, init: RequestInit) => polaris.call(`${one}/${id}`, init);
  expect((await change(recalled.id, { method: "DELETE" })).status).toBe(200);
  const body = JSON.stringify({ text: "use spaces" });
  expect((await change(edited.id, { method: "PATCH", body })).status).toBe(200);
  await here.daemon.start();
  await until(() => inbox.got.length > 0, { timeoutMs: 15_000, what: "a message" });
  const stateOf = async (id: string) => (await polaris.json<Injection>(`${one}/${id}`)).state;
  await until(async () => (await stateOf(edited.id)) === "delivered");
  expect(await stateOf(recalled.id)).toBe("recalled");
  expect(inbox.got.map(({ from }) => from)).toEqual([`polaris:${edited.id}`]);
  expect(inbox.got[0]?.message.content).toContain("> use spaces");
}, 40_000);
