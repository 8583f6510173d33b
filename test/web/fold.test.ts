import { expect, test } from "bun:test";
import { standing } from "../../src/web/client/advice/standing.ts";
import { fold, type Item } from "../../src/web/client/fold.ts";
import { CONVERSATION, events } from "./sample.ts";

const told = events(CONVERSATION);
const forms = (items: Item[]) =>
  items.map((item) => (item.type === "event" ? item.event.kind : item.type));

test("each prompt of a person opens a turn; advice stands inside one", () => {
  const { turns } = fold(told);
  expect(turns.map(({ prompt }) => prompt?.text?.split("\n")[0])).toEqual([
    undefined,
    "Why does the webhook retry forever?",
    "Fix it. Three attempts, then park the job.",
    "Good. Now run the tests.",
  ]);
  expect(forms(turns[2]?.items ?? [])).toEqual([
    "tool",
    "advice",
    "lane",
    "tool",
    "agent.message",
    "turn.end",
  ]);
});

test("a call, its permission and its result are one item, in whatever pages they come", () => {
  const calls = told.filter(({ body }) => body.callId === "c3");
  const [item] = fold(calls).turns[0]?.items ?? [];
  expect(
    item?.type === "tool" && [item.call, item.decision, item.result].map((each) => each?.kind),
  ).toEqual(["tool.call", "permission.decision", "tool.result"]);
  const [alone] = fold(calls.slice(2)).turns[0]?.items ?? [];
  expect(alone?.type === "tool" && alone.call).toBeUndefined();
});

test("advice gathers its receipts (C4)", () => {
  const advice = fold(told).turns[2]?.items[1];
  expect(advice?.type === "advice" && advice.receipts.map(({ kind }) => kind)).toEqual([
    "injection.delivered",
    "user.message",
    "injection.seen",
  ]);
});

test("where advice stands follows its events, forward only; evidence outweighs giving up (C4)", () => {
  const of = (...steps: [string, object?, string?][]) => {
    const told = steps.map(([kind, body = {}, text]) => ({
      kind: `injection.${kind}`,
      body: { injection: "i1", ...body },
      ...(text ? { text } : {}),
    }));
    const queued = { kind: "injection.queued", text: "first", body: { injection: "i1" } };
    const [item] = fold(events([queued, ...told])).turns[0]?.items ?? [];
    if (item?.type !== "advice") throw new Error("no advice");
    const { state, steps: words, text } = standing(item);
    return [state, words.join(" → "), text];
  };
  expect(of(["delivered"], ["seen"], ["failed"])).toEqual([
    "seen",
    "queued → delivered → seen by the agent",
    "first",
  ]);
  expect(of(["expired", { reason: "Nobody is there." }], ["seen"])).toEqual([
    "seen",
    "queued → not delivered: Nobody is there. → seen by the agent",
    "first",
  ]);
  expect(of(["failed", { reason: "Nobody is there." }], ["recalled"])).toEqual([
    "recalled",
    "queued → not delivered: Nobody is there. → taken back",
    "first",
  ]);
  expect(of(["delivered"], ["failed"], ["recalled"])[0]).toBe("failed");
  expect(of(["edited", {}, "second"], ["recalled"])).toEqual([
    "recalled",
    "queued → edited → taken back",
    "second",
  ]);
  expect(of(["edited", {}, "second"], ["delivered", { edits: 0 }])).toEqual([
    "delivered",
    "queued → edited → delivered before the edit",
    "first",
  ]);
});

test("a permission waits until something answers it", () => {
  const request = told.filter(({ kind }) => kind === "permission.request");
  const [waits] = fold(request).turns[0]?.items ?? [];
  expect(waits?.type === "event" && waits.waiting).toBe(true);
  const answered = fold(request);
  for (const event of events([{ kind: "turn.end", body: { reason: "cancelled" } }], 100))
    answered.add(event);
  const [settled] = answered.turns[0]?.items ?? [];
  expect(settled?.type === "event" && settled.waiting).toBe(false);
});

test("only what an event touches counts a new version", () => {
  const folded = fold(told.slice(0, -8));
  const before = folded.turns.map(({ version }) => version);
  for (const event of told.slice(-8)) folded.add(event);
  const changed = folded.turns.map(({ version }, at) => version !== before[at]);
  expect(changed).toEqual([false, false, false, true]);
});

test("tokens are summed over the session and for each turn (A5)", () => {
  const { tokens, turns } = fold(told);
  expect(tokens).toEqual({ input: 5210, output: 1180, cached: 48200, costUsd: 0.084 });
  expect(turns.map((turn) => turn.tokens)).toEqual([0, 6390, 0, 0]);
});

test("the agent's own total stands where it knows more than its messages, and is never added to them (A5)", () => {
  const usage = (costUsd: number, total?: true) => ({
    kind: "usage",
    body: total ? { costUsd, total } : { costUsd, messageId: "m" },
  });
  const costAfter = (...all: ReturnType<typeof usage>[]) => fold(events(all)).tokens.costUsd;
  expect(costAfter(usage(0.25), usage(0.5))).toBe(0.75);
  expect(costAfter(usage(0.25), usage(0.5), usage(0.75, true))).toBe(0.75);
  expect(costAfter(usage(0.25), usage(1, true), usage(1.5, true))).toBe(1.5);
  expect(costAfter(usage(0.25, true), usage(0.25), usage(0.5))).toBe(0.75);
});

test("an agent's odd bodies are read as far as they go", () => {
  const odd = events([
    { kind: "tool.call", body: { callId: 7, name: null, input: "text" } },
    { kind: "tool.result", body: { callId: "never-called", output: null } },
    { kind: "usage", body: { inputTokens: "many", outputTokens: Number.NaN } },
    { kind: "subagent.end", body: {} },
    { kind: "injection.seen", body: {} },
    { kind: "permission.decision", body: { callId: "unknown" } },
  ]);
  const { turns, tokens } = fold(odd);
  expect(forms(turns[0]?.items ?? [])).toEqual([
    "tool.call",
    "tool",
    "lane",
    "injection.seen",
    "permission.decision",
  ]);
  expect(tokens.input).toBe(0);
});

test("tokens that come after the end of their turn reach its line, wherever it stands", () => {
  const folded = fold(
    events([
      { kind: "user.message", text: "Go", body: { origin: "user" } },
      { kind: "turn.end", body: { reason: "end_turn" } },
      { kind: "agent.message", text: "late words" },
    ]),
  );
  const [end] = folded.turns[0]?.items ?? [];
  const before = end?.version ?? 0;
  const [usage] = events([{ kind: "usage", body: { inputTokens: 100, outputTokens: 20 } }], 3);
  if (usage) folded.add(usage);
  expect(folded.turns[0]?.tokens).toBe(120);
  expect(end?.version).toBeGreaterThan(before);
});
