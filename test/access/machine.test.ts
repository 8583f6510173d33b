import { expect, test } from "bun:test";
import { line, makeWorld, say, startHere, until } from "../daemon/world.ts";
import { person } from "../helpers/people.ts";
import { startPolaris } from "../helpers/polaris.ts";

test("a recorder that loses a project keeps what it records, says so, and sends it when access is back (A8, B4)", async () => {
  await using polaris = await startPolaris();
  await using world = makeWorld({ signedIn: false });
  const krishna = await person(polaris.db, polaris.caller.org, "krishna", "member");
  const signIn = async () => world.signIn(polaris, (await krishna.token()).secret);
  await polaris.post("/projects", { slug: "site" });
  await signIn();
  await using _daemon = await startHere(world);
  await world.link();
  await world.begin();
  await world.drained();
  const visibility = (to: string) =>
    polaris.call("/projects/site", { method: "PATCH", body: JSON.stringify({ visibility: to }) });
  const texts = async (project: string) =>
    (await polaris.messages(`/projects/${project}`)).map(({ text }) => text);

  await visibility("private");
  say(world.transcript(), line("while it was closed"));
  const { server } = await until(async () => {
    const status = await world.status();
    return status.server.error !== null && status;
  });
  expect(server).toMatchObject({ state: "connected", error: 'There is no project "site" here.' });
  // What goes elsewhere is not held up.
  await world.link("other");
  await world.begin("two");
  say(world.transcript("two"), line("elsewhere"));
  await until(async () => (await texts("other")).includes("elsewhere"));
  // The server has it before its acknowledgement is written down here.
  const { journal } = await until(async () => {
    const status = await world.status();
    return status.journal.pending === 1 && status;
  });
  expect(journal.refused).toBe(0);
  expect(await texts("site")).not.toContain("while it was closed");

  await polaris.call("/projects/site/members/user:krishna", { method: "PUT" });
  await signIn(); // the recorder asks again by itself after a minute; other credentials make it ask at once
  await world.drained();
  expect((await texts("site")).filter((text) => text === "while it was closed").length).toBe(1);
  expect((await world.status()).server).toMatchObject({ state: "connected", error: null });
}, 30_000);
