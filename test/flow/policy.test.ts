import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { until } from "../../src/lib/until.ts";
import { callHook } from "../helpers/agent.ts";
import { startChain } from "../helpers/chain.ts";
import { type Polaris, startPolaris } from "../helpers/polaris.ts";

setDefaultTimeout(90_000);

let polaris: Polaris;
beforeAll(async () => {
  polaris = await startPolaris();
});
afterAll(() => polaris[Symbol.asyncDispose]());

const put = ({ url, token }: { url: string; token: string }, policy: object) =>
  fetch(`${url}/orgs/policy`, {
    method: "PUT",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify(policy),
  });

test("A11: what the team says of its secrets reaches a recorder while it runs, and stays without a server", async () => {
  await using chain = await startChain();
  const cwd = await chain.linked("shop");
  const file = join(chain.home, ".claude/projects/-shop/one.jsonl");
  mkdirSync(dirname(file), { recursive: true });
  const about = { session_id: "one", transcript_path: file, cwd };
  await callHook(chain.env, { ...about, hook_event_name: "SessionStart", source: "startup" });
  const texts = async () => (await chain.log("shop")).map(({ text }) => text);
  const say = (text: string) => {
    const message = { role: "user", content: text };
    const uuid = crypto.randomUUID();
    const timestamp = new Date().toISOString();
    const line = { type: "user", uuid, sessionId: "one", timestamp, message };
    appendFileSync(file, `${JSON.stringify({ ...line, promptSource: "typed" })}\n`);
  };
  // No hook opens a turn here, so the recorder may look as seldom as every 30 s.
  const heard = (text: string) =>
    until(async () => (await texts()).includes(text), { timeoutMs: 40_000, what: text });
  say("first CUST-100001");
  await heard("first CUST-100001");

  const policy = {
    patterns: [{ kind: "customer", regex: "CUST-[0-9]{6}" }],
    allow: ["demo-*-key1"],
  };
  expect((await put(chain, policy)).status).toBe(200);
  await until(async () => (await kept(chain.place.policies)).includes("CUST-"), {
    timeoutMs: 40_000,
  });
  say("then CUST-100002");
  await heard("then [redacted:customer]");
  say("token=demo-a-key1 token=real-a-key1");
  await heard("token=demo-a-key1 token=[redacted:token]");

  // A recorder that starts while its server is away knows what it knew.
  await chain.daemon.kill();
  await chain.server.kill();
  await chain.daemon.start();
  say("last CUST-100003");
  await until(async () => (await chain.status()).journal.pending > 0);
  await chain.server.start();
  await heard("last [redacted:customer]");
  expect(holds(chain.place.home, "CUST-100002")).toBe(false);
  expect(holds(chain.place.home, "CUST-100003")).toBe(false);
});

test("A11: a pattern that would stop the team's recorders is refused, and the policy before stays", async () => {
  expect((await put(polaris, { patterns: [{ kind: "ours", regex: "OURS-[0-9]+" }] })).status).toBe(
    200,
  );
  for (const regex of ["(a+)+$", "(", "a*"]) {
    const refused = await put(polaris, { patterns: [{ kind: "ours", regex }] });
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain('The pattern of \\"ours\\"');
  }
  expect(await polaris.json("/orgs/policy")).toMatchObject({ patterns: [{ kind: "ours" }] });
  const { items } = await polaris.json<{ items: object[] }>("/audit?action=policy.changed");
  expect(items[0]).toMatchObject({ detail: { patterns: 1, allow: 0 } });
});

const kept = (path: string) =>
  Bun.file(path)
    .text()
    .catch(() => "");

const holds = (folder: string, bytes: string): boolean =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .some((path) => readFileSync(path).includes(bytes));
