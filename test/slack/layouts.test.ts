import { expect } from "bun:test";
import { test } from "./both.ts";
import { agentSaid, startWorld, toolCalled, turnEnded, type World } from "./world.ts";

test("D3: a session is a thread under a live card, prompts and last words with the name of who spoke", async (answers) => {
  await using world = await startWorld(answers);
  const { polaris, machine: startMachine, replies, top } = world;
  const machine = startMachine({ project: "etl" });
  await polaris.ingest([
    machine.head({ branch: "main" }),
    machine.line({ text: "use RS256" }),
    machine.line(agentSaid("let me look")),
    machine.line(toolCalled("npm test")),
    machine.line(toolCalled("npm run build")),
    machine.line(agentSaid("It is **done**.")),
    machine.line(turnEnded()),
  ]);
  const card = await world.card("etl");
  await world.settled();
  const said = replies("etl", card.ts);
  expect(said.map((it) => [it.username, it.text])).toEqual([
    ["Manu", "use RS256"],
    ["Claude", "It is **done**."],
  ]);
  expect(said[1]?.blocks[0]).toEqual({ type: "markdown", text: "It is **done**." });
  expect(JSON.stringify(said[1]?.blocks[1])).toContain("2 tool calls");
  expect(top("etl")).toHaveLength(1);
  await world.found(() => JSON.stringify(card.blocks).includes("1 prompt · 2 tool calls · main"));
  await world.found(() => String(card.text).includes("idle"));
});

test("D3: in the channel itself stands only what needs somebody: a question, a handoff, an error, the end", async (answers) => {
  await using world = await startWorld(answers);
  const { polaris, machine: startMachine, top } = world;
  const machine = startMachine({ project: "etl" });
  await polaris.ingest([
    machine.head(),
    machine.line({ text: "migrate" }),
    machine.line({
      kind: "permission.request",
      sender: "agent:claude",
      text: "drop table <!channel>",
      body: { name: "Bash" },
    }),
  ]);
  const asks = await world.found(() =>
    top("etl").find((it) => String(it.text).includes("asks to be allowed")),
  );
  expect(asks.text).toContain("Claude asks to be allowed: drop table &lt;!channel&gt;");
  await polaris.ingest([
    machine.head(),
    machine.line({
      kind: "permission.decision",
      body: { callId: "1", decision: "accept", by: "user" },
    }),
    machine.line({ ...turnEnded("error"), text: "API overloaded" }),
    machine.line({ kind: "session.end", sender: "agent:claude", body: { reason: "other" } }),
  ]);
  await world.found(() => String(asks.text).includes("answered by Manu"));
  await world.settled();
  expect(top("etl").map(({ text }) => String(text).replace(/<[^>]+\|([^>]+)>/g, "$1"))).toEqual([
    "s-0001: finished. Manu drives Claude.",
    ":heavy_check_mark: *s-0001* asked for a human: answered by Manu.",
    ":x: *s-0001* stopped with an error: API overloaded",
    ":white_check_mark: *s-0001* has finished: 1 prompt, 0 tool calls.",
  ]);
});

test("D3: the feed is one log of all sessions that says who spoke to whom and where", async (answers) => {
  await using world = await startWorld(answers);
  const { polaris, machine: startMachine, top } = world;
  await world.wishes({ layout: "feed" });
  const one = startMachine({ project: "etl", name: "s-0001" });
  const two = startMachine({ project: "etl", name: "s-0002" });
  await polaris.ingest([one.head(), one.line({ text: "first" })]);
  await polaris.ingest([two.head(), two.line({ text: "second" })]);
  await polaris.ingest([one.head(), one.line(agentSaid("answer")), one.line(turnEnded())]);
  await world.found(() => top("etl").length === 3);
  const log = top("etl").map((it) => {
    const context = String(it.blocks[1].elements[0].text).replace(/<[^>]+\|([^>]+)>/g, "$1");
    return `${it.username}: ${it.text} (${context})`;
  });
  expect(log).toEqual([
    "Manu: first (to Claude in s-0001)",
    "Manu: second (to Claude in s-0002)",
    "Claude: answer (to Manu in s-0001)",
  ]);
});

test("D3: a project's own layout counts over the organisation's, and from the next event on", async (answers) => {
  await using world = await startWorld(answers);
  const { polaris, machine: startMachine, top, messages, channel } = world;
  const machine = startMachine({ project: "etl" });
  await polaris.ingest([machine.head(), machine.line({ text: "in a thread" })]);
  const card = await world.card("etl");
  await world.settled();
  expect((await world.patch("/projects/etl/slack", { layout: "feed" })).status).toBe(200);
  await polaris.ingest([machine.head(), machine.line({ text: "in the log" })]);
  await world.found(() => top("etl").some(({ text }) => text === "in the log"));
  await world.patch("/projects/etl/slack", { layout: "session-channel" });
  await polaris.ingest([machine.head(), machine.line({ text: "in my own channel" })]);
  await world.found(() => channel("etl-s-0001"));
  await world.found(() => top("etl-s-0001").some(({ text }) => text === "in my own channel"));
  await world.patch("/projects/etl/slack", { layout: null });
  await polaris.ingest([machine.head(), machine.line({ text: "in the thread again" })]);
  await world.found(() => messages("etl").find(({ text }) => text === "in the thread again"));
  await world.settled();
  expect(world.replies("etl", card.ts).map(({ text }) => text)).toEqual([
    "in a thread",
    "in the thread again",
  ]);
  expect(top("etl").filter(({ text }) => String(text).startsWith("s-0001:"))).toHaveLength(1);
});

test("D3: a session's own channel is archived when the session is over, and it goes on in a new one", async (answers) => {
  await using world = await startWorld(answers);
  const { polaris, machine: startMachine, slack } = world;
  await world.wishes({ layout: "session-channel" });
  const machine = startMachine({ project: "etl" });
  await polaris.ingest([machine.head(), machine.line({ text: "first" })]);
  const room = await world.found(() => world.channel("etl-s-0001"));
  await world.settled();
  await polaris.database.admin`update sessions set ended_at = now() - interval '2 hours'`;
  await world.found(() => room.isArchived);
  await world.found(async () => {
    const [row] = await polaris.database.admin`
      select state from slack_channels where channel = ${room.id}`;
    return row.state === "archived";
  });
  await polaris.ingest([machine.head(), machine.line({ text: "taken up again" })]);
  const again = await world.found(() =>
    [...slack.team().channels.values()].find(
      (it) => !it.isArchived && it.messages.some(({ text }) => text === "taken up again"),
    ),
  );
  expect(again.name).toBe("p-etl-s-0001");
  expect(again.messages.map(({ text }) => String(text).split(":")[0])).toEqual([
    "s-0001",
    "taken up again",
  ]);
});

test("D2: a private project is told only in a channel that an admin linked", async (answers) => {
  await using world = await startWorld(answers);
  const { polaris, machine: startMachine, slack } = world;
  await polaris.post("/projects", { slug: "secret", visibility: "private" });
  const machine = startMachine({ project: "secret" });
  await polaris.ingest([machine.head(), machine.line({ text: "between us" })]);
  const other = startMachine({ project: "etl" });
  await polaris.ingest([other.head(), other.line({ text: "for all" })]);
  await world.card("etl");
  await world.settled();
  expect([...slack.team().channels.values()].map(({ name }) => name)).not.toContain("secret");
  await world.wishes({ layout: "session-channel" });
  const link = await polaris.call("/projects/secret/slack/channel", {
    method: "PUT",
    body: JSON.stringify({ channel: (await roomOf(world, "board")).id }),
  });
  expect(link.status).toBeLessThan(300);
  await polaris.ingest([machine.head(), machine.line({ text: "for the board" })]);
  await world.found(() => world.messages("board").some(({ text }) => text === "for the board"));
  expect(JSON.stringify([...slack.team().channels.values()])).not.toContain("between us");
});

/** A channel that people made, with Polaris in it. */
async function roomOf({ slack }: World, name: string) {
  const token = slack.team().install?.token ?? "";
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const body = JSON.stringify({ name });
  await fetch(`${slack.apiUrl}conversations.create`, { method: "POST", headers, body });
  return slack.channel(name);
}

test("D6: a long answer is a preview and a file, or goes on in the thread", async (answers) => {
  await using world = await startWorld(answers);
  const { polaris, machine: startMachine, slack } = world;
  const long = Array.from({ length: 500 }, (_, at) => `Line ${at} of a long answer.`).join("\n\n");
  const machine = startMachine({ project: "etl" });
  const answer = () => [machine.head(), machine.line(agentSaid(long)), machine.line(turnEnded())];
  await polaris.ingest([machine.head(), machine.line({ text: "explain" })]);
  await polaris.ingest(answer());
  const card = await world.card("etl");
  const file = await world.found(() => [...slack.files.values()][0]);
  await world.settled();
  const [, preview] = world.replies("etl", card.ts);
  expect(preview?.text.length).toBeLessThan(700);
  expect(JSON.stringify(file)).toContain("s-0001.md");
  await world.wishes({ long: "thread" });
  await polaris.ingest(answer());
  await world.found(
    () =>
      world.replies("etl", card.ts).some(({ text }) => String(text).includes("Line 499")) ||
      world
        .replies("etl", card.ts)
        .some(({ blocks }) => JSON.stringify(blocks ?? []).includes("Line 499")),
  );
  for (const { blocks } of world.replies("etl", card.ts)) {
    for (const block of blocks ?? []) {
      if (block.type === "markdown") expect(block.text.length).toBeLessThanOrEqual(12_000);
    }
  }
});
