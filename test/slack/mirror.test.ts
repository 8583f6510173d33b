import { expect, test } from "bun:test";
import { until } from "../../src/lib/until.ts";
import { startMachine, startPolaris } from "../helpers/polaris.ts";
import { connectSlack, startSlack, startTestBridge } from "../helpers/slack.ts";

test("D2, D3: the first session of a project makes its channel, and its prompts stand in a thread there", async () => {
  await using slack = startSlack();
  await using polaris = await startPolaris();
  await connectSlack(polaris.db, slack, polaris.caller);
  await using _bridge = startTestBridge(polaris, slack);
  const machine = startMachine({ project: "etl" });
  await polaris.ingest([machine.head(), machine.line({ text: "use RS256" })]);
  const said = await until(() => {
    const all = [...slack.team().channels.values()].find(({ name }) => name === "etl")?.messages;
    return all && all.length >= 2 ? all : undefined;
  });
  expect(said.map(({ text }) => text)).toEqual([
    "s-0001: working. Manu drives Claude.",
    "use RS256",
  ]);
  expect(said[1]?.thread_ts).toBe(said[0]?.ts);
});
