import type { Event } from "../wire/event.ts";
import type { Batch, Incoming } from "./append.ts";
import { type Change, changeOf } from "./state.ts";
import { storableText } from "./storable.ts";

/** A batch as the JSON that its statement reads: events, what they change of their sessions, positions taken. */

/** zstd level 3 costs 0.5 ms per 100 events and halves what is kept; below 200 bytes it saves nothing. */
const packed = (raw: string): string =>
  Buffer.from(Bun.zstdCompressSync(raw, { level: 3 })).toString("base64");

/** In the form of the wire (`IngestEvent`), but for `raw`. A line that came so is taken as it is: half the work. */
export function rowsOf(items: Incoming[]): string {
  const rows = items.map(({ json, event, session, pos }) => {
    if (json !== undefined && event.raw === undefined) return json;
    const raw = event.raw === undefined ? undefined : packed(storableText(event.raw));
    return JSON.stringify({ ...event, session, pos, raw });
  });
  return `[${rows.join(",")}]`;
}

/** What the events say about their sessions, as rows; `last` counts from the batch's first seq. */
export function changesOf(items: Incoming[]): string {
  const bySession = new Map<string, { events: Event[]; last: number; typed: number }>();
  for (const [at, { session, event }] of items.entries()) {
    const known = bySession.get(session);
    const typed = isTyped(event) ? 1 : 0;
    if (!known) bySession.set(session, { events: [event], last: at + 1, typed });
    else {
      known.events.push(event);
      known.last = at + 1;
      known.typed += typed;
    }
  }
  const rows = [...bySession].map(([session, { events, last, typed }]) => {
    const change: Change = changeOf(events);
    return {
      session,
      last,
      typed,
      ...change,
      last_prompt: change.lastPrompt,
      tool_calls: change.toolCalls,
      state_at: change.stateAt,
      new_driver: change.driver,
      sets_driver: change.driver !== undefined,
      sets_ended: change.ended !== undefined,
    };
  });
  return JSON.stringify(rows);
}

/** A prompt of now: what an import brings was typed some other day. */
const isTyped = ({ kind, body, parent, source }: Event): boolean =>
  kind === "user.message" && body.origin !== "system" && !parent && source.via !== "import";

/** Which positions a machine's batch takes, per session. */
export function takenBy({ machine, items, refused = [], floors }: Batch): string {
  const taken = new Map<string, number[]>();
  const note = (session: string, pos: number | undefined) => {
    if (pos === undefined || !machine) return;
    const list = taken.get(session);
    if (list) list.push(pos);
    else taken.set(session, [pos]);
  };
  for (const { session, pos } of items) note(session, pos);
  for (const { session, pos } of refused) note(session, pos);
  const rows = [...taken].map(([session, list]) => ({
    session,
    seen: rangesOf(list),
    floor: floors?.get(session) ?? 1,
  }));
  return JSON.stringify(rows);
}

/** [1,2,3,7] -> "{[1,4),[7,8)}", a PostgreSQL multirange. */
function rangesOf(positions: number[]): string {
  const sorted = positions.toSorted((a, b) => a - b);
  const ranges: [number, number][] = [];
  for (const pos of sorted) {
    const last = ranges.at(-1);
    if (last && pos <= last[1]) last[1] = Math.max(last[1], pos + 1);
    else ranges.push([pos, pos + 1]);
  }
  return `{${ranges.map(([from, to]) => `[${from},${to})`).join(",")}}`;
}
