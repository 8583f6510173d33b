import { expect } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../src/lib/until.ts";
import type { Page, Session } from "../../src/wire/session.ts";
import { type Step, startModel } from "../doubles/model.ts";
import { claudeTest } from "../helpers/claude.ts";
import { person } from "../helpers/people.ts";
import { type Polaris, startPolaris } from "../helpers/polaris.ts";
import { type Recorder, startRecorder } from "../helpers/recorder.ts";
import { seedHome, startTerminal } from "./terminal.ts";

const SCRIPTS: Record<string, Step[]> = {
  "Write the parser": [
    { text: "I look first.", tool: "Bash", input: { command: "echo looked-around" } },
    { text: "The parser is written." },
  ],
  "What is for lunch": [{ text: "Soup." }],
  "Now the printer": [{ text: "The printer is written." }],
  "Now the manual": [{ text: "The manual is written." }],
};

claudeTest(
  "B2, B8: whoever takes a session over goes on with its own conversation, also where its transcript never was",
  async () => {
    await using polaris = await startPolaris();
    await using model = startModel(SCRIPTS);
    await using first = await startRecorder(polaris);
    // Another sign-in of the same account of the machine; and a machine that has nothing of it.
    const shared = { HOME: first.home };
    await using second = await startRecorder(polaris, await signIn(polaris, "krishna"), shared);
    await using third = await startRecorder(polaris, await signIn(polaris, "priya"));
    for (const machine of [first, third]) await machine.run("install", "--home", machine.home);
    const cwd = await first.linked("site");
    const other = join(third.folder, "work/site");
    mkdirSync(other, { recursive: true });
    seedHome(first.home, cwd);
    seedHome(third.home, other);

    let drives = await start(first, { model, cwd, home: first.home });
    await drives.say("Write the parser");
    await drives.shows("The parser is written.");
    await told(polaris, "The parser is written.");
    const session = await theSession(polaris);
    await first.run("handoff", `site/${session}`, "user:krishna");
    const taken = await second.runIn(cwd, "join", "site", session);
    expect(taken.out).toContain("The agent's own conversation lies on this machine.");
    await until(async () => (await first.status()).bindings.length === 0, { timeoutMs: 10_000 });
    await drives[Symbol.asyncDispose]();

    // The account's hooks lead to one recorder, now to this one.
    await second.run("install", "--home", first.home);
    drives = await start(second, { model, cwd, home: first.home, command: commandIn(taken.out) });
    await drives.say("Now the printer");
    await drives.shows("The printer is written.");
    await told(polaris, "The printer is written.");
    await second.run("handoff", `site/${session}`, "user:priya");
    const offered = await third.runIn(other, "join", "site", session);
    expect(offered.out).toContain("can be told again from the record");
    expect(commandIn(offered.out)).toBe(`polaris join site ${session} --continue`);
    const again = await third.runIn(other, "join", "site", session, "--continue");
    expect(again).toMatchObject({ code: 0, err: "" });
    await drives[Symbol.asyncDispose]();

    drives = await start(third, {
      model,
      cwd: other,
      home: third.home,
      command: commandIn(again.out),
    });
    await drives.say("Now the manual");
    await drives.shows("The manual is written.");
    await drives[Symbol.asyncDispose]();
    await told(polaris, "The manual is written.");

    const lines = (await polaris.messages(`/projects/site/sessions/${session}`))
      .filter(({ kind }) => TOLD.has(kind))
      .map(({ sender, text }) => `${sender} ${text}`);
    expect(lines).toEqual([
      "user:manu Write the parser",
      "agent:claude I look first.",
      "agent:claude echo looked-around",
      "agent:claude looked-around",
      "agent:claude The parser is written.",
      "user:krishna Now the printer",
      "agent:claude The printer is written.",
      "user:priya Now the manual",
      "agent:claude The manual is written.",
    ]);
    const bodies = ["Now the printer", "Now the manual"].map((words) =>
      model.asked.find(({ body }) => body.includes(words)),
    );
    for (const asked of bodies) {
      const { messages } = JSON.parse(asked?.body ?? "{}");
      const before = JSON.stringify(
        messages.filter(({ role }: { role: string }) => role !== "system"),
      );
      const at = [
        "Write the parser",
        "I look first.",
        "echo looked-around",
        "The parser is written.",
      ];
      expect(at.map((words) => before.split(words).length - 1)).toEqual([1, 1, 1, 1]);
    }
    expect(bodies[1]?.body).toContain("The printer is written.");
    expect(bodies[1]?.body).toContain(
      `Polaris tells this conversation again from its record of site/${session}`,
    );
    const { items } = await polaris.json<Page<Session>>("/projects/site/sessions");
    expect(items.map(({ name, driver }) => [name, driver])).toEqual([[session, "user:priya"]]);
  },
  180_000,
);

claudeTest(
  "B2, B8: an agent session that was left and is joined again goes on in its session, and what was said between is not in it",
  async () => {
    await using polaris = await startPolaris();
    await using model = startModel(SCRIPTS);
    await using machine = await startRecorder(polaris);
    await machine.run("install", "--home", machine.home);
    const cwd = await machine.linked("site");
    seedHome(machine.home, cwd);
    {
      await using drives = await start(machine, { model, cwd, home: machine.home });
      await drives.say("Write the parser");
      await drives.shows("The parser is written.");
      await told(polaris, "The parser is written.");
      const [bound] = (await machine.status()).bindings;
      await machine.run("leave", "--agent-session", bound?.agentSession ?? "");
      await drives.say("What is for lunch");
      await drives.shows("Soup.");
      const early = await machine.runIn(cwd, "join", "site", await theSession(polaris));
      expect(early.out).toContain("It is still open in an agent here: end that one first.");
    }
    const joined = await machine.runIn(cwd, "join", "site", await theSession(polaris));
    expect(joined.out).not.toContain("still open");
    {
      const command = commandIn(joined.out);
      await using drives = await start(machine, { model, cwd, home: machine.home, command });
      await drives.say("Now the printer");
      await drives.shows("The printer is written.");
    }
    await told(polaris, "The printer is written.");
    expect(await said(polaris)).toEqual([
      "Write the parser",
      "I look first.",
      "echo looked-around",
      "looked-around",
      "The parser is written.",
      "Now the printer",
      "The printer is written.",
    ]);
    expect((await polaris.json<Page<Session>>("/projects/site/sessions")).items).toHaveLength(1);
    const asked = model.asked.find(({ body }) => body.includes("Now the printer"))?.body;
    expect(asked).toContain("The parser is written.");
  },
  120_000,
);

const TOLD = new Set(["user.message", "agent.message", "tool.call", "tool.result"]);

const said = async (polaris: Polaris) =>
  (await polaris.messages("/projects/site"))
    .filter(({ kind }) => TOLD.has(kind))
    .map(({ text }) => text);

/** What the terminal shows already, the server has a moment later. */
const told = (polaris: Polaris, words: string) =>
  until(async () => (await said(polaris)).includes(words), { timeoutMs: 20_000, what: words });

/** The command that an answer names, as it stands there. */
const commandIn = (out: string): string => /^ {2}(\S.*)$/m.exec(out)?.[1] ?? "";

async function signIn(polaris: Polaris, name: string) {
  const who = await person(polaris.db, polaris.caller.org, name, "member");
  return { token: (await who.token()).secret, participant: who.participant };
}

async function start(
  { place }: Recorder,
  more: { model: { url: string }; cwd: string; home: string; command?: string },
) {
  const { model, home, ...how } = more;
  const terminal = startTerminal({ home, place }, model, how);
  await terminal.shows("manual mode on");
  return terminal;
}

const theSession = (polaris: Polaris): Promise<string> =>
  until(async () => (await polaris.json<Page<Session>>("/projects/site/sessions")).items[0]?.name, {
    timeoutMs: 20_000,
    what: "the session on the server",
  });
