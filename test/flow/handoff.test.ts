import { expect } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../src/lib/until.ts";
import type { StoredEvent } from "../../src/wire/event.ts";
import type { Page, Session } from "../../src/wire/session.ts";
import { startModel } from "../doubles/model.ts";
import { claudeTest } from "../helpers/claude.ts";
import { person } from "../helpers/people.ts";
import { type Polaris, startPolaris } from "../helpers/polaris.ts";
import { startRecorder } from "../helpers/recorder.ts";
import { seedHome, startTerminal } from "./terminal.ts";

const SCRIPTS = {
  "Write the parser": [{ text: "The parser is written." }],
  "Now the printer": [{ text: "The printer is written." }],
};

claudeTest(
  "B2, B8, C2, C3: a session goes to another person's machine with its brief; every line keeps its author",
  async () => {
    await using polaris = await startPolaris();
    await using model = startModel(SCRIPTS);
    const org = polaris.caller.org;
    const priya = await person(polaris.db, org, "priya", "member");
    const krishna = await person(polaris.db, org, "krishna", "member");
    const tokenOf = async (who: typeof priya) => (await who.token()).secret;
    await using first = await startRecorder(polaris);
    await using second = await startRecorder(polaris, {
      token: await tokenOf(priya),
      participant: priya.participant,
    });
    for (const machine of [first, second]) await machine.run("install", "--home", machine.home);

    const cwd = await first.linked("site");
    seedHome(first.home, cwd);
    await using drives = startTerminal(first, model, { cwd });
    await drives.shows("manual mode on");
    await drives.say("Write the parser");
    await drives.shows("The parser is written.");
    const session = await theSession(polaris);
    await advise(polaris, await tokenOf(krishna), session, "Mind the commas");

    const other = join(second.folder, "work/site");
    mkdirSync(other, { recursive: true });
    seedHome(second.home, other);
    const early = await second.runIn(other, "join", "site", session);
    expect(early).toMatchObject({ code: 1, out: "" });
    expect(early.err).toContain(`user:manu drives site/${session}`);
    expect(early.err).toContain(`polaris inject site/${session}`);

    const handed = await first.run("handoff", `site/${session}`, "user:priya");
    expect(handed.out).toContain("user:priya drives");
    const joined = await second.runIn(other, "join", "site", session);
    expect(joined.out).toContain(
      `The next agent session in this directory goes on with site/${session}`,
    );

    await using goesOn = startTerminal(second, model, { cwd: other });
    await goesOn.shows("manual mode on");
    await goesOn.say("Now the printer");
    await goesOn.shows("The printer is written.");
    const begun = model.asked.find(({ body }) => body.includes("Now the printer"))?.body ?? "";
    expect(begun).toContain("This session goes on with one that was begun elsewhere");
    expect(begun).toContain("Write the parser");

    await until(async () => (await first.status()).bindings.length === 0, { timeoutMs: 10_000 });
    await drives.say("Is this still heard?");
    await advise(polaris, await tokenOf(krishna), session, "Mind the semicolons");
    const heard = model.asked.filter(({ body }) => body.includes("Mind the semicolons"));
    expect(heard.every(({ body }) => body.includes("Now the printer"))).toBe(true);

    const events = await polaris.messages(`/projects/site/sessions/${session}`);
    const said = events.filter(({ kind }) => kind === "user.message");
    expect(said.map(({ sender, text, body }) => [sender, text, body.origin])).toEqual([
      ["user:manu", "Write the parser", "user"],
      ["user:krishna", "Mind the commas", "injected"],
      ["user:priya", "Now the printer", "user"],
      ["user:krishna", "Mind the semicolons", "injected"],
    ]);
    const { items } = await polaris.json<Page<Session>>("/projects/site/sessions");
    expect(items.map(({ name, driver }) => [name, driver])).toEqual([[session, "user:priya"]]);
  },
  120_000,
);

const theSession = (polaris: Polaris): Promise<string> =>
  until(async () => (await polaris.json<Page<Session>>("/projects/site/sessions")).items[0]?.name, {
    timeoutMs: 20_000,
    what: "the session on the server",
  });

/** Sends it and waits until its agent has read it. */
async function advise(polaris: Polaris, token: string, session: string, text: string) {
  const path = `/projects/site/sessions/${session}`;
  const body = JSON.stringify({ text });
  const response = await polaris.call(`${path}/inject`, { method: "POST", as: token, body });
  expect(response.status).toBe(202);
  const { id } = (await response.json()) as { id: string };
  const isSeen = ({ kind, body }: StoredEvent) =>
    kind === "injection.seen" && body.injection === id;
  await until(async () => (await polaris.messages(path)).some(isSeen), {
    timeoutMs: 20_000,
    everyMs: 50,
    what: `"${text}" to be read`,
  });
}
