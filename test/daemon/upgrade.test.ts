import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { line, makeWorld, say, startHere, until } from "./world.ts";

test("A8: a journal from before there were profiles is taken over with what waits in it", async () => {
  await using world = makeWorld();
  const good = new Response("later", { status: 503 });
  world.server.setTrouble(() => good.clone());
  {
    await using _daemon = await startHere(world);
    await world.link();
    await world.begin();
    say(world.transcript(), line("from before"));
    await until(async () => (await world.status()).journal.pending === 2);
  }
  const db = new Database(world.place.journal);
  for (const table of ["sessions", "links"]) {
    for (const column of ["profile", "org"]) db.run(`alter table ${table} drop column ${column}`);
  }
  db.run("pragma user_version = 1");
  db.close();
  world.server.setTrouble(undefined);
  await using _daemon = await startHere(world);
  await world.drained();
  expect(world.server.texts()).toContain("from before");
});
