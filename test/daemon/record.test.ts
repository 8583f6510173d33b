import { expect, test } from "bun:test";
import { hook, line, makeWorld, say, startHere, until } from "./world.ts";

test("A1, B7: a session in a linked directory is recorded from its first line, in order", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  say(world.transcript(), line("first"), line("second"));
  expect(await world.begin()).toMatchObject({ recorded: true });
  say(world.transcript(), line("third"));
  await until(() => world.server.order.length === 4);
  expect(world.server.texts().filter(Boolean)).toEqual(["first", "second", "third"]);
  expect(world.server.heads[0]?.sessions[0]).toMatchObject({
    project: "site",
    agent: "agent:tiny",
    driver: "user:manu",
    cwd: world.work,
  });
  await world.drained();
  const { bindings } = await world.status();
  expect(bindings[0]).toMatchObject({ agentSession: "one", project: "site", events: 4, acked: 4 });
});

// promise: only-linked
test("A12: nothing is written of a session that nobody joined or linked", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  say(world.transcript(), line("private"));
  expect(await world.begin()).toEqual({ recorded: false });
  const said = {
    session: "one",
    hook: "Prompt",
    fact: { kind: "user.message", text: "mine", release: "now" as const },
  };
  expect(await world.post(hook(said))).toEqual({ recorded: false });
  const files = await Array.fromAsync(
    new Bun.Glob("**").scan({ cwd: world.place.home, dot: true }),
  );
  for (const file of files) {
    if (file === "daemon.sock") continue;
    expect(await Bun.file(`${world.place.home}/${file}`).text()).not.toMatch(/private|mine|"one"/);
  }
});
