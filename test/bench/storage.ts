import { appendFileSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { until } from "../../src/lib/until.ts";
import { uuid7 } from "../../src/lib/uuid.ts";
import { ask } from "../../src/machine/local.ts";
import type { Status } from "../../src/wire/local.ts";
import { SESSION, sessionStart, transcriptOf } from "./hook-calls.ts";
import { record, serve } from "./house.ts";
import type { Bench } from "./lib.ts";
import { session } from "./transcript.ts";

/** What a transcript becomes on its way: bytes in the recorder's journal and in the server's database. */
export const storage: Bench = {
  name: "storage",
  about: "bytes stored for a byte of transcript, and how fast a long one is taken up",
  async run({ quick, program }) {
    await using server = await serve(program);
    await using recorder = await record(program, server);
    const transcript = transcriptOf(recorder);
    mkdirSync(dirname(transcript), { recursive: true });
    for (const line of session(SESSION, quick ? 3e6 : 40e6)) appendFileSync(transcript, line);
    const raw = statSync(transcript).size;
    const began = performance.now();
    const payload = sessionStart(recorder);
    const at = new Date().toISOString();
    await ask(recorder.place, "/hook", { id: uuid7(), at, agent: "claude", payload });
    let before = -1;
    const status = await until(
      async () => {
        const now = await ask<Status>(recorder.place, "/status");
        const events = now.bindings[0]?.events ?? 0;
        const settled = events > 1 && events === before && now.journal.pending === 0;
        before = events;
        return settled && now;
      },
      { timeoutMs: 180_000, everyMs: 1000, what: "the whole transcript on the server" },
    );
    const seconds = (performance.now() - began) / 1000;
    const sql = server.sql;
    await sql`vacuum analyze events`;
    await sql`vacuum analyze event_text`;
    const [row] = await sql<{ events: string; heap: string; indexes: string; text: string }[]>`
      select (select count(*) from events) as events, pg_table_size('events') as heap,
        pg_indexes_size('events') as indexes, pg_total_relation_size('event_text') as text`;
    const events = Number(row?.events);
    const each = (bytes: unknown) => `${Math.round(Number(bytes) / events)} B`;
    const stored = Number(row?.heap) + Number(row?.indexes);
    return [
      {
        name: "stored on the server, of a byte of transcript",
        unit: "B",
        ours: stored / raw,
        target: "≤ 1",
        pass: stored <= raw,
        note: `${events} events of ${(raw / 1e6).toFixed(0)} MB; an event: rows ${each(row?.heap)}, indexes ${each(row?.indexes)}, search ${each(row?.text)} more`,
      },
      {
        name: "stored in the journal, of a byte of transcript",
        unit: "B",
        ours: status.journal.bytes / raw,
        target: "",
      },
      {
        name: "a long transcript, file to server",
        unit: "events/s",
        ours: events / seconds,
        target: "",
        note: `${(raw / 1e6 / seconds).toFixed(1)} MB/s`,
      },
    ];
  },
};
