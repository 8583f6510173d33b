import { expect, test } from "bun:test";
import { startWatch } from "../../src/daemon/gone.ts";
import { ask } from "../../src/machine/local.ts";
import { line, makeWorld, say, startHere, until } from "./world.ts";

const idle = () => Bun.spawn(["sleep", "600"], { stdio: ["ignore", "ignore", "ignore"] });

test("A2: an agent that is killed ends its session, behind its last words; started again it goes on", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  const agent = idle();
  await world.begin("one", {}, agent.pid);
  say(world.transcript(), line("working on it"));
  await until(() => world.server.texts().includes("working on it"));
  agent.kill("SIGKILL");
  await agent.exited;
  say(world.transcript(), line("and then"));
  await until(() => world.server.order.some(({ kind }) => kind === "session.end"), {
    timeoutMs: 15_000,
  });
  expect(world.server.order.map(({ kind, body }) => `${kind} ${body.reason ?? ""}`.trim())).toEqual(
    ["session.start", "agent.message", "agent.message", "session.end killed"],
  );
  await using next = idle();
  await world.begin("one", { start: "resume" }, next.pid);
  await until(() => world.server.order.length === 5);
  expect(world.server.order.at(-1)?.session).toBe(world.server.order[0]?.session ?? "");
  expect((await ask<{ bindings: unknown[] }>(world.place, "/status")).bindings.length).toBe(1);
}, 30_000);

test("A2: a process that was never seen running here is not taken for dead", async () => {
  const agent = idle();
  const watch = startWatch();
  agent.kill("SIGKILL");
  await agent.exited;
  expect(watch.isGone(agent.pid)).toBe(false);
  expect(watch.isGone(null)).toBe(false);
  expect(watch.isGone(process.pid)).toBe(false);
  expect(watch.isGone(agent.pid)).toBe(false);
});
