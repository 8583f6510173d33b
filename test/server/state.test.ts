import { expect, test } from "bun:test";
import type { Page, Session } from "../../src/wire/session.ts";
import { startMachine, startPolaris } from "../helpers/polaris.ts";

type Told = [kind: string, body: Record<string, unknown>, state: string];

test.each<[string, Told[]]>([
  [
    "a permission that is asked for needs a human until it is decided",
    [
      ["user.message", { origin: "user" }, "working"],
      ["tool.call", { callId: "1", name: "Bash" }, "working"],
      ["permission.request", { name: "Bash" }, "needs_human"],
      ["permission.decision", { callId: "1", decision: "accept" }, "working"],
      ["turn.end", { reason: "end_turn" }, "idle"],
    ],
  ],
  [
    "what the client does by itself sets nobody to work",
    [
      ["session.start", { source: "clear" }, "idle"],
      ["user.message", { origin: "user", command: "/clear" }, "idle"],
      ["user.message", { origin: "user", bash: "ls" }, "idle"],
      ["agent.message", {}, "working"],
      ["turn.end", { reason: "end_turn" }, "idle"],
      ["user.message", { origin: "user", command: "/rename" }, "idle"],
    ],
  ],
  [
    "a killed agent has finished, and one that starts again is idle",
    [
      ["user.message", { origin: "user" }, "working"],
      ["session.end", { reason: "killed" }, "finished"],
      ["session.start", { source: "resume" }, "idle"],
    ],
  ],
])("B6: %s", async (_, story) => {
  await using polaris = await startPolaris();
  const machine = startMachine({ project: "state" });
  const states: string[] = [];
  for (const [kind, body] of story) {
    await polaris.ingest([machine.head(), machine.line({ kind, body })]);
    const { items } = await polaris.json<Page<Session>>("/projects/state/sessions");
    states.push(items[0]?.state ?? "");
  }
  expect(states).toEqual(story.map(([, , state]) => state));
});
