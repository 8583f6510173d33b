import { expect } from "bun:test";
import { test } from "./both.ts";
import { agentSaid, startWorld, toolCalled, turnEnded } from "./world.ts";

test("D9: an hour of 2,000 events costs at most 60 posts, and what was not posted is counted", async (answers) => {
  await using world = await startWorld(answers);
  const { polaris, machine: startMachine, slack } = world;
  const machines = Array.from({ length: 5 }, (_, at) =>
    startMachine({ project: "etl", name: `s-000${at}` }),
  );
  for (let round = 0; round < 40; round++) {
    for (const machine of machines) {
      await polaris.ingest([
        machine.head(),
        machine.line({ text: `prompt ${round}` }),
        ...Array.from({ length: 6 }, (_, at) => machine.line(toolCalled(`step ${at}`))),
        machine.line(agentSaid("thinking")),
        machine.line(agentSaid(`answer ${round}`)),
        machine.line(turnEnded()),
      ]);
    }
  }
  await world.settled();
  const [{ count }] = await polaris.database.admin`select count(*)::int as count from events`;
  expect(count).toBe(2000);
  const posts = slack.calls("chat.postMessage").filter(({ ok }) => ok).length;
  expect(posts).toBeLessThanOrEqual(60);
  expect(posts).toBeGreaterThan(20);
  const digests = world
    .messages("etl")
    .filter(({ text }) => String(text).startsWith("A busy hour:"));
  expect(digests.length).toBeGreaterThan(0);
  const sum = digests
    .map(({ text }) => /(\d+) prompts and (\d+) answers more/.exec(text))
    .reduce((total, found) => total + Number(found?.[1]) + Number(found?.[2]), 0);
  const told = world.messages("etl").filter(({ text }) => /^(prompt|answer) \d+$/.test(text));
  expect(sum + told.length).toBe(400);
}, 60_000);

test("D9: the hour is any sixty minutes, not one of the clock", async (answers) => {
  await using world = await startWorld(answers);
  const { polaris, slack } = world;
  const machine = world.machine({ project: "etl" });
  const say = async (...texts: string[]) => {
    await polaris.ingest([machine.head(), ...texts.map((text) => machine.line({ text }))]);
    await world.settled();
  };
  const pass = (minutes: number) =>
    polaris.database
      .admin`update slack_hours set hour = hour - ${minutes}::int * interval '1 minute'`;
  const many = (word: string) => Array.from({ length: 80 }, (_, at) => `${word} ${at}`);
  const told = () => world.messages("etl").map(({ text }) => String(text));
  await say(...many("before"));
  await pass(50);
  await say(...many("after"));
  expect(slack.calls("chat.postMessage").filter(({ ok }) => ok).length).toBeLessThanOrEqual(60);
  expect(told()).not.toContain("after 0");
  await pass(20);
  await say("an hour later");
  expect(told()).toContain("an hour later");
});

test("D9: all tells every word and the tools between; quiet only what needs somebody; off nothing", async (answers) => {
  await using world = await startWorld(answers);
  const { polaris, machine: startMachine } = world;
  const turn = (machine: ReturnType<typeof startMachine>) => [
    machine.head(),
    machine.line({ text: "go" }),
    machine.line(agentSaid("first words")),
    machine.line(toolCalled("npm test")),
    machine.line(toolCalled("npm run build")),
    machine.line(agentSaid("last words")),
    machine.line(turnEnded()),
    machine.line({ kind: "session.end", sender: "agent:claude", body: { reason: "other" } }),
  ];
  for (const verbosity of ["all", "quiet", "off"]) {
    await world.wishes({ verbosity });
    await polaris.ingest(turn(startMachine({ project: `p-${verbosity}` })));
    await world.settled();
  }
  const card = await world.card("p-all");
  expect(world.replies("p-all", card.ts).map(({ text }) => text)).toEqual([
    "go",
    "first words",
    ":gear: 2 tool calls · Bash: npm run build",
    "last words",
  ]);
  await world.card("p-quiet");
  expect(world.messages("p-quiet")).toHaveLength(2);
  expect(world.channel("p-off")).toBeUndefined();
});

test("D9: one session can be quieter than its project", async (answers) => {
  await using world = await startWorld(answers);
  const { polaris, machine: startMachine } = world;
  const machine = startMachine({ project: "etl" });
  await polaris.ingest([machine.head(), machine.line({ text: "told" })]);
  const card = await world.card("etl");
  await world.settled();
  const quiet = await world.patch("/projects/etl/sessions/s-0001/slack", { verbosity: "quiet" });
  expect(quiet.status).toBe(200);
  await polaris.ingest([machine.head(), machine.line({ text: "not told" })]);
  await world.settled();
  await world.patch("/projects/etl/sessions/s-0001/slack", { verbosity: null });
  await polaris.ingest([machine.head(), machine.line({ text: "told again" })]);
  await world.settled();
  expect(world.replies("etl", card.ts).map(({ text }) => text)).toEqual(["told", "told again"]);
});

test("A9: what comes late is one summary in the session's thread, never a replay", async (answers) => {
  await using world = await startWorld(answers);
  const { polaris, machine: startMachine } = world;
  const machine = startMachine({ project: "etl" });
  await polaris.ingest([machine.head(), machine.line({ text: "before" })]);
  const card = await world.card("etl");
  await world.settled();
  const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
  for (let batch = 0; batch < 3; batch++) {
    await polaris.ingest([
      machine.head(),
      ...Array.from({ length: 20 }, (_, at) => [
        machine.line({ at: ago(200 - at), text: `old prompt ${at}` }),
        machine.line({ ...agentSaid(`old answer ${at}`), at: ago(199 - at) }),
      ]).flat(),
    ]);
    await world.settled();
  }
  await polaris.ingest([machine.head(), machine.line({ text: "and on" })]);
  await world.settled();
  const said = world.replies("etl", card.ts).map(({ text }) => String(text));
  expect(said).toHaveLength(3);
  expect(said[0]).toBe("before");
  expect(said[1]).toContain("60 prompts, 60 messages of the agent");
  expect(said[2]).toBe("and on");
});

test("A10: imported sessions are one line of the project, with no card of their own", async (answers) => {
  await using world = await startWorld(answers);
  const { polaris, machine: startMachine } = world;
  const source = { agent: "claude-code", version: "2.1.329", translator: 1, via: "import" };
  for (let at = 0; at < 12; at++) {
    const machine = startMachine({ project: "etl", name: `old-${at}` });
    const lines = [
      machine.line({ source, text: "then" }),
      machine.line({ ...agentSaid("now"), source }),
    ];
    await polaris.ingest([machine.head(), ...lines]);
  }
  await world.settled();
  expect(world.messages("etl")).toHaveLength(1);
  expect(world.messages("etl")[0]?.text).toContain("Imported 12 sessions: 12 prompts, 12 messages");
});
