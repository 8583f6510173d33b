import { expect, test } from "bun:test";
import { join } from "node:path";
import { makeWorld, startHere, until } from "../daemon/world.ts";

test("C3: an agent that takes Polaris as a channel and has no inbox is told over it", async () => {
  await using world = makeWorld();
  await using _daemon = await startHere(world);
  await world.link();
  const flags = ["--channels", "plugin:polaris@team"];
  const agent = Bun.spawn([process.execPath, join(import.meta.dir, "channel-agent.ts"), ...flags], {
    env: { PATH: process.env.PATH ?? "", HOME: world.folder, POLARIS_HOME: world.place.home },
    stdout: "pipe",
    stderr: "ignore",
  });
  await using _end = {
    async [Symbol.asyncDispose]() {
      agent.kill("SIGKILL");
      await agent.exited;
    },
  };
  let said = "";
  void (async () => {
    for await (const chunk of agent.stdout) said += new TextDecoder().decode(chunk);
  })();
  await until(() => said.includes('{"claude/channel":{}}'));
  await world.begin("one", {}, agent.pid);
  await world.drained();
  const id = Bun.randomUUIDv7();
  const body = { from: "user:krishna" };
  const event = { id, seq: 50, kind: "injection.queued", text: "use the fixtures", body };
  await until(() => world.server.tell(50, event) > 0);
  await until(() => said.includes("use the fixtures"));
  expect(JSON.parse(said.trim().split("\n").at(-1) ?? "")).toEqual({
    content: "use the fixtures",
    meta: { sender: "user:krishna", message_id: id },
  });
  await until(() => world.server.order.some(({ kind }) => kind === "injection.delivered"));
  const delivered = world.server.order.find(({ kind }) => kind === "injection.delivered");
  expect(delivered?.body).toMatchObject({ injection: id, route: "channel" });
});
