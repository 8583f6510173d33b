import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { claude } from "../../src/agents/claude/index.ts";
import { startDaemon } from "../../src/daemon/daemon.ts";
import type { Log } from "../../src/lib/log.ts";
import { tiny } from "./agent.ts";
import { hook, makeWorld, until } from "./world.ts";

test("A1: a recorder that has just started rehearses hooks, and nothing of it is anywhere", async () => {
  await using world = makeWorld();
  const said: string[] = [];
  const note = (event: string) => void said.push(event);
  const log: Log = { info: () => undefined, warn: note, error: note };
  let samples = 0;
  const sample: typeof claude.sample = (of) => {
    samples++;
    return claude.sample?.(of) ?? "";
  };
  await using _daemon = await startDaemon({
    home: world.place.home,
    agents: [tiny, { ...claude, sample }],
    log,
  });
  await world.link();
  await until(() => samples === 300, { timeoutMs: 20_000, what: "the end of the rehearsal" });
  // What is really said meanwhile and after is recorded as ever.
  await world.begin();
  await world.post(
    hook({ session: "one", hook: "X", fact: { kind: "notice", text: "real", release: "now" } }),
  );
  await world.drained();
  const { bindings, links, journal, unchecked } = await world.status();
  expect(bindings.map(({ agentSession }) => agentSession)).toEqual(["one"]);
  expect(links.map(({ directory }) => directory)).toEqual([world.work]);
  expect([journal.refused, unchecked.events]).toEqual([0, 0]);
  expect(world.server.texts()).toContain("real");
  expect(JSON.stringify(world.server.texts())).not.toContain("discount");
  const folder = join(world.place.journal, "..");
  for (const name of readdirSync(folder)) {
    expect(readFileSync(join(folder, name), "latin1")).not.toContain("rehearsal");
  }
  expect([existsSync(world.place.unchecked), existsSync(":memory:")]).toEqual([false, false]);
  expect(said.filter((event) => event.startsWith("rehearsal"))).toEqual([]);
});

test("A1: what is rehearsed is what Claude Code says: every sample is read whole", () => {
  const people = { driver: "user:manu", agent: "agent:claude" } as const;
  const at = new Date().toISOString();
  const id = "01a1fcc1-e5b4-7637-960c-09d1d9040b14";
  const readings = Array.from({ length: 12 }, (_, number) => {
    const payload = claude.sample?.({ session: "s", folder: "/f", number }) ?? "";
    return claude.readHook({ id, at, agent: "claude", payload }, people);
  });
  expect(readings[0]).toMatchObject({ name: "SessionStart", start: "startup", agentSession: "s" });
  expect(new Set(readings.map(({ name }) => name))).toEqual(
    new Set(["SessionStart", "UserPromptSubmit", "Notification", "Stop"]),
  );
  const events = readings.flatMap(({ facts }) => facts.map(({ event }) => event));
  expect(events.filter(({ kind, body }) => kind === "other" || "extra" in body)).toEqual([]);
});
