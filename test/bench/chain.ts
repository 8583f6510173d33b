import { appendFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { uuid7 } from "../../src/lib/uuid.ts";
import { ask } from "../../src/machine/local.ts";
import { machine } from "./events.ts";
import { SESSION, sessionStart, transcriptOf } from "./hook-calls.ts";
import { record, serve } from "./house.ts";
import { type Bench, summary } from "./lib.ts";
import { random } from "./text.ts";
import { assistantLine } from "./transcript.ts";

/** A line written by the agent → its event committed on the server, through the real recorder. */
export const chain: Bench = {
  name: "chain",
  about: "a transcript line's way through the recorder into the server's database",
  async run({ quick, program }) {
    await using server = await serve(program);
    await using recorder = await record(program, server);
    const transcript = transcriptOf(recorder);
    mkdirSync(dirname(transcript), { recursive: true });
    const post = (payload: string) =>
      ask(recorder.place, "/hook", {
        id: uuid7(),
        at: new Date().toISOString(),
        agent: "claude",
        payload,
      });
    await post(sessionStart(recorder));
    const next = random(3);
    const arrived = async (text: string): Promise<number> => {
      for (;;) {
        const [row] = await server.sql<
          { id: string }[]
        >`select id from events where text = ${text}`;
        if (row) return performance.now();
      }
    };
    const samples: number[] = [];
    for (let turn = -3; turn < (quick ? 15 : 100); turn++) {
      // As an agent works: now and then a line, no two pauses alike.
      await Bun.sleep(50 + next() * 400);
      const text = `line ${turn} ${uuid7()}`;
      const began = performance.now();
      appendFileSync(transcript, assistantLine(SESSION, text));
      const took = (await arrived(text)) - began;
      if (turn >= 0) samples.push(took);
    }
    const direct: number[] = [];
    const one = machine("floor", "s-floor");
    for (let turn = -3; turn < (quick ? 15 : 100); turn++) {
      const body = one.batch(next, 1);
      const began = performance.now();
      await server.ingest(body);
      if (turn >= 0) direct.push(performance.now() - began);
    }
    const ours = summary(samples);
    return [
      {
        name: "transcript line → committed",
        unit: "ms (p95)",
        ours: ours.p95,
        floor: summary(direct).p95,
        p50: ours.p50,
        p99: ours.p99,
        target: "≤ 600 ms",
        pass: ours.p95 <= 600,
        note: "floor: one event posted to the server directly; seen by a query that asks without a pause",
      },
    ];
  },
};
