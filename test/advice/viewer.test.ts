import { expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../../src/lib/until.ts";
import type { AuditRow } from "../../src/wire/audit.ts";
import type { Page } from "../../src/wire/session.ts";
import { browserTest, openBrowser } from "../helpers/browser.ts";
import { type Person, person } from "../helpers/people.ts";
import { startMachine } from "../helpers/polaris.ts";
import { startRecorder } from "../helpers/recorder.ts";
import { startAgent } from "../mcp/client.ts";
import { type Advice, startAdvice } from "./world.ts";

setDefaultTimeout(60_000);

const REFUSED = {
  code: "forbidden",
  message: "This takes the role member; yours is viewer.",
  hint: "An owner or admin of the organisation can change roles.",
};

/** What there is of advice: the first piece, by a member, and nothing of the viewer's. */
async function untouched(world: Advice, id: string) {
  expect((await world.injection(id)).state).toBe("queued");
  const { items } = await world.json<Page<{ id: string }>>(`${world.path}/injections`);
  expect(items.map((one) => one.id)).toEqual([id]);
  const audit = await world.json<Page<AuditRow>>("/audit?action=injection&limit=50");
  expect(audit.items.map(({ actor, action, target }) => [actor, action, target])).toEqual([
    ["user:priya", "injection.queued", "etl/s-0001"],
  ]);
}

async function withViewer() {
  const world = await startAdvice();
  const { id } = await world.inject("Mind the limits.", {}, world.priya);
  const viewer: Person = await person(world.db, world.caller.org, "dean", "viewer");
  return { world, id, viewer };
}

test("C5: whoever only looks on advises through no door: API, command line, agent's tools, machine", async () => {
  const { world, id, viewer } = await withViewer();
  await using _ = world;
  const { secret } = await viewer.token();
  const json = (method: string, path: string, body?: object) => ({
    method,
    path: `${world.path}${path}`,
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const acts = [
    json("POST", "/inject", { text: "as I say" }),
    json("POST", "/inject", { text: "as I say", id, via: "web" }),
    json("PATCH", `/injections/${id}`, { text: "other words" }),
    json("DELETE", `/injections/${id}`),
    json("POST", "/events", { kind: "injection.queued", text: "forged", sender: "user:priya" }),
  ];
  for (const { path, ...init } of acts) {
    for (const as of [{ as: secret }, { as: null, headers: viewer.headers }]) {
      const answer = await world.call(path, { ...init, ...as });
      expect([answer.status, await answer.json()]).toEqual([403, { error: REFUSED }]);
    }
  }
  const batch = [
    startMachine({ project: "etl" }).head({ id: world.machine.session }),
    world.machine.line({ kind: "injection.queued", text: "forged" }),
  ];
  const headers = { "content-type": "application/x-ndjson" };
  const body = batch.join("\n");
  const sent = await world.call("/ingest", { method: "POST", as: secret, headers, body });
  expect([sent.status, await sent.json()]).toEqual([403, { error: REFUSED }]);

  // A machine that they have signed in: the commands, and the tools of an agent there.
  await using here = await startRecorder(world, { token: secret, participant: "user:dean" });
  const told = await here.run("inject", "etl/s-0001", "as I say");
  expect(told).toMatchObject({ code: 1, out: "" });
  expect(told.err).toContain(REFUSED.message);
  expect(told.err).toContain(REFUSED.hint);
  const recalled = await here.run("inject", "etl/s-0001", "--recall", id);
  expect(recalled.code).toBe(1);
  expect(recalled.err).toContain(REFUSED.message);
  const cwd = await here.linked("etl");
  const start = { hook_event_name: "SessionStart", source: "startup", session_id: "one", cwd };
  await here.hook({ ...start, transcript_path: `${cwd}/one.jsonl` });
  await using agent = await startAgent(here.env);
  expect(await agent.use("polaris_reply", { id, text: "as I say" })).toMatchObject({
    isError: true,
  });
  expect(
    await agent.use("polaris_advise", { session: "s-0001", project: "etl", text: "as I say" }),
  ).toEqual({
    text: `${REFUSED.message} ${REFUSED.hint}`,
    isError: true,
  });
  await untouched(world, id);
});

browserTest(
  "C5: whoever only looks on and writes on the session's page reads why it was not sent, and keeps the words",
  async () => {
    const { world, id, viewer } = await withViewer();
    await using _ = world;
    await using browser = await openBrowser();
    const { page } = browser;
    const [name = "", value = ""] = viewer.headers.cookie.split("=");
    await page.context().addCookies([{ name, value, url: world.url }]);
    await page.goto(`${world.url}/app/p/etl/s/s-0001`);
    await until(async () => (await page.locator("[data-live=live]").count()) === 1);
    await page.getByLabel("Your advice").fill("as I say");
    const box = page.getByRole("region", { name: "Advise" });
    await box.getByRole("button", { name: "Send" }).click();
    await until(async () => (await box.textContent())?.includes(REFUSED.message));
    expect(await box.textContent()).toContain(REFUSED.hint);
    expect(await page.getByLabel("Your advice").inputValue()).toBe("as I say");
    await untouched(world, id);
  },
  60_000,
);
