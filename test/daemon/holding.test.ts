import { expect, test } from "bun:test";
import { makeWorld, startHere, until } from "./world.ts";

test("C4: the recorder tells the server what advice it has written down, again after every connection", async () => {
  await using world = makeWorld();
  await using daemon = await startHere(world);
  await world.link();
  await world.begin();
  await world.drained();
  const { bindings } = await world.status();
  const { session, project, name } = bindings[0] ?? {};
  const id = Bun.randomUUIDv7();
  const event = { id, seq: 7, kind: "injection.queued", session, text: "look at the tests" };
  const told = () =>
    world.server.asked.filter(
      (each) => each === `POST /projects/${project}/sessions/${name}/injections/${id}/held`,
    ).length;
  await until(() => world.server.tell(7, event) > 0);
  await until(() => told() === 1);
  await world.server.tell(8, {
    id: Bun.randomUUIDv7(),
    seq: 8,
    kind: "injection.edited",
    session,
    text: "look at the docs",
    body: { injection: id },
  });
  await until(() => told() === 2);
  await daemon[Symbol.asyncDispose]();
  await using _again = await startHere(world);
  await until(() => told() === 3, { timeoutMs: 5_000 });
  expect((await world.status()).journal.mailbox).toBe(1);
});
