import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { line, makeWorld, say, startHere, until } from "./world.ts";

/** What the second upgrade adds. */
const SECOND = [
  ["bindings", "paused"],
  ["links", "remote"],
  ["links", "within"],
  ["sessions", "checked"],
  ["tails", "began"],
];

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
  for (const index of ["sessions_unchecked", "imports_session"]) db.run(`drop index ${index}`);
  for (const table of ["unwritten", "silence", "imports"]) db.run(`drop table ${table}`);
  for (const [table, column] of SECOND) db.run(`alter table ${table} drop column ${column}`);
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
