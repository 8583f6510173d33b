import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { until } from "../../src/lib/until.ts";
import { ServerStatus } from "../../src/wire/server-status.ts";
import { startMachine, startPolaris } from "../helpers/polaris.ts";
import { followEvents } from "../helpers/sse.ts";
import { startBridged } from "../slack/bridged.ts";

const ROOT = join(import.meta.dir, "../..");

const value = (text: string, name: string): number =>
  Number(
    text
      .split("\n")
      .find((line) => line.startsWith(`${name} `))
      ?.split(" ")
      .at(-1),
  );

test("I8: metrics count what came in, how long it took over each joint, and what waits", async () => {
  await using polaris = await startPolaris();
  const machine = startMachine({ project: "project-x", name: "name-y" });
  await polaris.ingest([machine.head(), machine.line({ text: "opal" })]);
  await using stream = await followEvents(polaris, "/projects/project-x/events?after=0");
  const late = machine.line({ at: new Date(Date.now() - 30_000).toISOString() });
  await polaris.ingest([machine.head(), machine.line(), "not an event", late]);
  await until(() => stream.events.length === 3);
  const response = await polaris.call("/metrics", { as: polaris.localKey });
  expect(response.headers.get("content-type")).toContain("text/plain; version=0.0.4");
  const text = await response.text();
  expect(value(text, 'polaris_ingest_events_total{result="stored"}')).toBe(3);
  expect(value(text, 'polaris_ingest_events_total{result="refused"}')).toBe(1);
  expect(value(text, "polaris_ingest_seconds_count")).toBe(2);
  expect(value(text, 'polaris_lag_seconds_count{joint="machine"}')).toBe(2);
  expect(value(text, 'polaris_lag_seconds_count{joint="live"}')).toBeGreaterThanOrEqual(1);
  expect(value(text, "polaris_database_up")).toBe(1);
  expect(value(text, "polaris_projects")).toBe(1);
  expect(value(text, "polaris_database_bytes")).toBeGreaterThan(1e6);
  expect(value(text, 'polaris_connections{kind="request"}')).toBeGreaterThanOrEqual(1);
  // Numbers alone: no project, no session, no person, no words.
  for (const word of ["project-x", "name-y", "manu", "opal", "laptop"])
    expect(text).not.toContain(word);
});

test("I8: metrics open to the server's own key and to the token that was set, to nobody else", async () => {
  await using polaris = await startPolaris({ entrance: { metrics: { token: "scrape-me" } } });
  const status = async (as: string | null, headers = {}) =>
    (await polaris.call("/metrics", { as, headers })).status;
  expect(await status(polaris.localKey)).toBe(200);
  expect(await status("scrape-me")).toBe(200);
  expect(await status("scrape-mf")).toBe(401);
  expect(await status(polaris.token)).toBe(401);
  expect(await status(null)).toBe(401);
});

test("I8: open to loopback when that was chosen, but never through a proxy beside the server", async () => {
  await using polaris = await startPolaris({ entrance: { metrics: { loopback: true } } });
  const status = async (headers = {}) =>
    (await polaris.call("/metrics", { as: null, headers })).status;
  expect(await status()).toBe(200);
  expect(await status({ "x-forwarded-for": "203.0.113.9" })).toBe(401);
  expect(await status({ via: "1.1 proxy" })).toBe(401);
});

test("I8: metrics tell when the database is away, and readiness too", async () => {
  await using polaris = await startPolaris();
  await polaris.db[Symbol.asyncDispose]();
  const text = await (await polaris.call("/metrics", { as: polaris.localKey })).text();
  expect(value(text, "polaris_database_up")).toBe(0);
  expect((await polaris.call("/readyz")).status).toBe(503);
  expect((await polaris.call("/healthz")).status).toBe(200);
});

test("I8: the server's status in short, for who runs it", async () => {
  await using polaris = await startPolaris();
  const machine = startMachine();
  await polaris.ingest([machine.head(), machine.line()]);
  const init = { method: "POST", as: polaris.localKey };
  const status = ServerStatus.parse(await polaris.json("/status", init));
  expect(status).toMatchObject({ projects: 1, outbox: { depth: 0 }, backup: null });
});

test("I8: advice by its states, what waits for Slack, and what Slack has yet to take are numbers too", async () => {
  await using world = await startBridged();
  const { polaris, slack } = world;
  await world.say("the first");
  await world.said("etl", "the first");
  // Slack is ill: what is to be said waits.
  slack.fault("chat.postMessage", { times: 1_000, status: 503 });
  await world.say("the second");
  await polaris.post("/projects/etl/sessions/s-0001/inject", { text: "mind the gap" });
  await polaris.post("/projects/etl/sessions/s-0001/inject", { text: "mind the step" });
  const status = async () => {
    const init = { method: "POST", as: polaris.localKey };
    return ServerStatus.parse(await polaris.json("/status", init));
  };
  await until(async () => (await status()).outbox.depth > 0, { what: "something to wait" });
  // No bridge takes what comes now.
  await world.bridge[Symbol.asyncDispose]();
  await world.say("the third");
  const text = await (await polaris.call("/metrics", { as: polaris.localKey })).text();
  expect(value(text, 'polaris_injections{state="queued"}')).toBe(2);
  expect(value(text, "polaris_outbox_depth")).toBeGreaterThanOrEqual(1);
  expect(value(text, "polaris_outbox_seconds")).toBeGreaterThan(0);
  expect(value(text, 'polaris_backlog_events{joint="slack"}')).toBeGreaterThanOrEqual(1);
  expect(value(text, 'polaris_backlog_seconds{joint="slack"}')).toBeGreaterThan(0);
  expect(value(text, 'polaris_backlog_events{joint="search"}')).toBeGreaterThanOrEqual(0);
  for (const word of ["etl", "mind the", "the third", "T0ACME", "Acme"])
    expect(text).not.toContain(word);
});

test("I8: the page of documentation and the Grafana board name exactly what there is", async () => {
  await using polaris = await startPolaris();
  const text = await (await polaris.call("/metrics", { as: polaris.localKey })).text();
  const names = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = ""]) => name));
  const page = readFileSync(join(ROOT, "docs/metrics.md"), "utf8");
  const documented = new Set([...page.matchAll(/^\| `([a-z_]+)/gm)].map(([, name = ""]) => name));
  expect([...documented].sort()).toEqual([...names].sort());
  const Board = z.object({
    panels: z.array(z.object({ targets: z.array(z.object({ expr: z.string() })).default([]) })),
  });
  const board = Board.parse(JSON.parse(readFileSync(join(ROOT, "assets/grafana.json"), "utf8")));
  const asked = board.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  expect(asked.length).toBeGreaterThan(10);
  for (const expr of asked) {
    for (const [name] of expr.matchAll(/\b(polaris|process)_[a-z_]+/g)) {
      expect(names).toContain(name.replace(/_(bucket|count|sum)$/, ""));
    }
  }
});

test("I8: health is told also to who speaks HTTP/1.0 without a Host, as old probes do", async () => {
  await using polaris = await startPolaris();
  let answer = "";
  const closed = Promise.withResolvers<void>();
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port: polaris.server.port,
    socket: {
      data: (_, bytes) => {
        answer += bytes.toString();
        if (answer.includes('"ok":true')) closed.resolve();
      },
      close: () => closed.resolve(),
    },
  });
  socket.write("GET /healthz HTTP/1.0\r\n\r\n");
  await closed.promise;
  socket.end();
  expect(answer).toContain(" 200 ");
});
