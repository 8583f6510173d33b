import { expect, test } from "bun:test";
import { lifeOf } from "../../src/daemon/gone.ts";
import { ask } from "../../src/machine/local.ts";
import { line, makeWorld, say, startHere, startProcess, until } from "./world.ts";

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

test("A2: an agent that dies while no recorder runs has ended when one runs again", async () => {
  await using world = makeWorld();
  const agent = idle();
  {
    await using daemon = await startProcess(world);
    await world.link();
    await world.begin("one", {}, agent.pid);
    say(world.transcript(), line("working on it"));
    await until(() => world.server.texts().includes("working on it"));
    await daemon.kill("SIGKILL");
  }
  agent.kill("SIGKILL");
  await agent.exited;
  say(world.transcript(), line("the last words"));
  await using _daemon = await startHere(world);
  await until(() => world.server.order.some(({ kind }) => kind === "session.end"));
  expect(world.server.order.map(({ kind, body }) => `${kind} ${body.reason ?? ""}`.trim())).toEqual(
    ["session.start", "agent.message", "agent.message", "session.end killed"],
  );
}, 30_000);

test("A2: a process that was never seen running here is not taken for dead", async () => {
  const agent = idle();
  const seen = lifeOf({ pid: agent.pid, process: null });
  agent.kill("SIGKILL");
  await agent.exited;
  if (seen.is !== "running") throw new Error("it ran");
  expect(lifeOf({ pid: agent.pid, process: null }).is).toBe("unknown");
  expect(lifeOf({ pid: null, process: null }).is).toBe("unknown");
  expect(lifeOf({ pid: process.pid, process: null }).is).toBe("running");
  expect(lifeOf({ pid: agent.pid, process: seen.process }).is).toBe("gone");
  // Seen in another container's table of processes.
  const elsewhere = seen.process.replace(/pid:\[\d+\]/, "pid:[1]");
  expect(lifeOf({ pid: agent.pid, process: elsewhere }).is).toBe("unknown");
});

test("A2: a process number that came again is another process", () => {
  const now = lifeOf({ pid: process.pid, process: null });
  if (now.is !== "running") throw new Error("this one runs");
  expect(lifeOf({ pid: process.pid, process: now.process }).is).toBe("running");
  const before = `${now.process.slice(0, now.process.lastIndexOf(" "))} 1`;
  expect(lifeOf({ pid: process.pid, process: before }).is).toBe("gone");
});
