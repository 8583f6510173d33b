import { expect, test } from "bun:test";
import type { Brief } from "../../src/wire/context.ts";
import type { Joined, Session } from "../../src/wire/session.ts";
import { startMachine } from "../helpers/polaris.ts";
import { startAdvice } from "./world.ts";

test("B8: a session changes machines; the next driver gets its brief, and every line keeps its author", async () => {
  await using world = await startAdvice();
  const { machine, path } = world;
  const { secret } = await world.priya.token(["read", "ingest", "inject"]);
  const asPriya = (to: string, init: RequestInit = {}) => world.call(to, { ...init, as: secret });
  await world.ingest([
    machine.head(),
    machine.line({ text: "Make the loader retry.", body: { origin: "user" } }),
    machine.line({ kind: "agent.message", sender: "agent:claude", text: "Decision: full jitter" }),
  ]);
  // krishna advises while manu drives.
  const { id } = await world.inject("Cap it at 30 s.", {}, world.krishna);
  await world.report("seen", { injection: id, route: "socket" });

  // priya comes while the seat is taken, and again once it was given to her.
  const join = async () =>
    (await (
      await asPriya("/projects/etl/sessions", {
        method: "POST",
        body: JSON.stringify({ name: "s-0001" }),
      })
    ).json()) as Joined;
  expect(await join()).toMatchObject({ id: machine.session, role: "advisor", driver: "user:manu" });
  await world.post(`${path}/handoff`, { to: "user:priya" });
  expect(await join()).toMatchObject({ id: machine.session, role: "driver", driver: "user:priya" });

  const brief = (await (await asPriya(`${path}/brief`)).json()) as Brief;
  expect(brief.text).toContain("user:priya drives agent:claude");
  expect(brief.text).toContain("user:manu,");
  expect(brief.text).toContain("Make the loader retry.");
  expect(brief.text).toContain("agent:claude,");
  expect(brief.text).toContain("full jitter");

  // Her machine goes on in the same session, with a count of its own.
  const next = startMachine({ project: "etl", name: "s-0001" });
  const head = JSON.parse(next.head({ id: machine.session, driver: "user:priya" }));
  head.machine.name = "desk";
  const line = (fields: object) =>
    JSON.stringify({ ...JSON.parse(next.line({ ...fields })), session: machine.session });
  const answer = await asPriya("/ingest", {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: [
      JSON.stringify(head),
      line({ sender: "user:priya", text: "Now the tests.", body: { origin: "user" } }),
      line({ kind: "agent.message", sender: "agent:claude", text: "They pass." }),
    ].join("\n"),
  });
  expect(await answer.json()).toMatchObject({
    stored: 2,
    names: { [machine.session]: "s-0001" },
    acked: { [machine.session]: 2 },
  });
  // What manu's machine had still to send arrives late, as his.
  await world.ingest([machine.head(), machine.line({ text: "(typed before the handoff)" })]);

  const log = await world.messages(path);
  expect(log.map(({ kind, sender }) => `${sender} ${kind}`)).toEqual([
    "user:manu user.message",
    "user:manu user.message",
    "agent:claude agent.message",
    "user:krishna injection.queued",
    "user:manu injection.seen",
    "user:manu driver.changed",
    "user:priya user.message",
    "agent:claude agent.message",
    "user:manu user.message",
  ]);
  expect(await world.json<Session>(path)).toMatchObject({ driver: "user:priya", name: "s-0001" });
  // Advice goes to whoever drives now, and both machines may say what became of it: one of them has the agent.
  const late = await world.inject("Well done.", {}, world.krishna);
  const report = JSON.stringify({
    ...JSON.parse(next.line({ kind: "injection.seen", body: { injection: late.id } })),
    session: machine.session,
  });
  const seen = await asPriya("/ingest", {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: [JSON.stringify(head), report].join("\n"),
  });
  expect(await seen.json()).toMatchObject({ stored: 1, refused: [] });
  expect(await world.json<Session>(path)).toMatchObject({ machine: "desk" });
});
