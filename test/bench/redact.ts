import { claude } from "../../src/agents/claude/index.ts";
import { startRedactor } from "../../src/machine/redact.ts";
import type { Event } from "../../src/wire/event.ts";
import { harmless, plants } from "../machine/corpus.ts";
import { SESSION } from "./hook-calls.ts";
import { type Bench, interleave, type Row } from "./lib.ts";
import { session } from "./transcript.ts";

/** Secrets taken out of a session's events, against one pass of a pattern that never matches. */
export const redact: Bench = {
  name: "redact",
  about: "secrets taken out of events, in megabytes a second on one core",
  async run({ quick }) {
    const clean = startRedactor();
    const people = { driver: "user:manu", agent: "agent:claude" };
    const memory = {};
    const events = [...session(SESSION, quick ? 3e6 : 12e6)].flatMap((line) =>
      claude.readLine(line.trim(), people, memory),
    );
    const dense: Event[] = [...plants(5, 1), ...harmless(6, 2_000)].map(({ text }, at) => ({
      id: `0198d2c4-5b1e-7c60-9f0a-${String(at).padStart(12, "0")}`,
      at: "2026-01-01T00:00:00Z",
      sender: "agent:claude",
      kind: "agent.message",
      text,
      body: {},
      source: { agent: "claude-code", translator: 1, via: "transcript" },
    }));
    const texts = events.map((event) => JSON.stringify(event));
    const megabytes = texts.reduce((sum, text) => sum + text.length, 0) / 1e6;
    // What a minute of someone's work leaves in one project's .env files.
    const known = Array.from({ length: 20 }, (_, n) => ({
      kind: "env-value",
      value: `value-number-${n}-of-the-project`,
    }));
    const extra = { known, patterns: [], allowed: () => false };
    const clock = (work: () => void) => () => {
      const start = performance.now();
      work();
      return performance.now() - start;
    };
    const taken = await interleave(quick ? 4 : 12, {
      ours: clock(() => {
        for (const event of events) clean(event);
      }),
      known: clock(() => {
        for (const event of events) clean(event, extra);
      }),
      dense: clock(() => {
        for (const event of dense) clean(event);
      }),
      floor: clock(() => {
        for (const text of texts) /zqxj[0-9]/.test(text);
      }),
    });
    const rate = (ms: number) => megabytes / (ms / 1000);
    const ours = rate(taken.ours.p50);
    const row = { unit: "MB/s", floor: rate(taken.floor.p50) };
    const rows: Row[] = [
      {
        ...row,
        name: "redaction, a session's events",
        ours,
        target: "≥ 20 MB/s",
        pass: ours >= 20,
        note: `${events.length} events, ${megabytes.toFixed(1)} MB; floor: one pass of a pattern that never matches`,
      },
      {
        ...row,
        name: "redaction, with 20 values of .env files",
        ours: rate(taken.known.p50),
        target: "≥ 20 MB/s",
        pass: rate(taken.known.p50) >= 20,
      },
      {
        name: "redaction, one event",
        unit: "µs",
        ours: (taken.ours.p50 * 1000) / events.length,
        floor: (taken.floor.p50 * 1000) / events.length,
        target: "",
      },
      {
        name: "redaction, an event with a secret in it",
        unit: "µs",
        ours: (taken.dense.p50 * 1000) / dense.length,
        target: "",
        note: "of the corpus: three in four hold one",
      },
    ];
    return rows;
  },
};
