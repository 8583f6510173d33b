import { expect, test } from "bun:test";
import { costOf } from "../../src/agents/claude/prices.ts";
import { read, transcripts } from "./recordings.ts";

const million = { input_tokens: 1_000_000, output_tokens: 1_000_000 };

test.each([
  ["claude-opus-5-5", million, 24],
  ["claude-opus-5-5[1m]", million, 24],
  ["claude-haiku-4-5-20251001", million, 6],
  ["claude-opus-5-5", { cache_read_input_tokens: 1_000_000 }, 0.2],
  ["claude-opus-5-5", { cache_creation_input_tokens: 1_000_000 }, 5],
  [
    "claude-opus-5-5",
    {
      cache_creation_input_tokens: 1_000_000,
      cache_creation: { ephemeral_1h_input_tokens: 600_000, ephemeral_5m_input_tokens: 400_000 },
    },
    6.8,
  ],
  ["claude-sonnet-5-5", { server_tool_use: { web_search_requests: 3 } }, 0.03],
  ["claude-opus-5-5", { ...million, speed: "fast" }, undefined],
  ["gpt-of-somebody", million, undefined],
  ["constructor", million, undefined],
  [undefined, million, undefined],
  ["claude-opus-5-5", "none", 0],
  ["claude-opus-5-5", { input_tokens: -5, output_tokens: "many" }, 0],
])("A5: %s with %p costs %p dollars", (model, usage, cost) => {
  expect(costOf(model, usage)).toBe(cost as number);
});

/** Sessions of one process without a compaction or a subagent, whose requests stand elsewhere or nowhere. */
test("A5: what the messages of a recorded session cost adds up to the client's own total", () => {
  let compared = 0;
  for (const name of transcripts()) {
    if (/compact|subagent|fork|continue|tui-main|after-clear|channel/.test(name)) continue;
    const usage = read(name).filter(({ kind }) => kind === "usage");
    const total = usage.findLast(({ body }) => body.total)?.body.costUsd;
    if (total === undefined) continue;
    const sum = usage
      .filter(({ body }) => !body.total)
      .reduce((all, { body }) => all + Number(body.costUsd ?? 0), 0);
    expect([name, sum]).toEqual([name, expect.closeTo(Number(total), 6)]);
    compared++;
  }
  expect(compared).toBeGreaterThanOrEqual(5);
});
