import type { Db, Tx } from "../db/db.ts";
import { startTurns } from "../lib/turns.ts";
import { PolarisError } from "../wire/error.ts";
import { type IngestAnswer, IngestEvent, IngestHead, type IngestSession } from "../wire/ingest.ts";
import { append, type Incoming } from "./append.ts";
import type { Caller } from "./caller.ts";
import type { Doorbell } from "./doorbell.ts";
import { sentence } from "./input.ts";
import { make } from "./projects.ts";
import { refusalOf, screen } from "./reports.ts";
import * as sessions from "./sessions.ts";
import { parseStorable, readStorable } from "./storable.ts";
import type { Strain } from "./strain.ts";

/** One event's line may be this long; a recorder sets a longer one aside and says so in the session. */
export const MAX_LINE = 16 * 1024 * 1024;

/**
 * Batches of one project wait for its row lock one after the other anyway, and each holds a connection while it waits:
 * 32 machines that feed one project left none for readers (GET /projects 130 ms instead of 1). One works, one is on its
 * way; and of the pool's 16 connections some are always left.
 */
const PER_PROJECT = 2;
const AT_ONCE = 10;

/** What a batch was, for the metrics. */
export interface Ingested {
  stored: number;
  known: number;
  refused: number;
  /** When its newest event happened, by the machine's clock; 0 when it has none. */
  newestAt: number;
  ms: number;
}

interface Lines {
  head: IngestHead;
  items: { line: number; json: string }[];
}

/** What a batch holds for one project. */
interface Taking {
  items: Incoming[];
  refused: { session: string; pos: number }[];
}

/** Reads both forms of the body; the head must be right, each event stands for itself. */
export function linesOf(text: string, type: "ndjson" | "json"): Lines {
  if (type === "json") {
    const whole = parseStorable(text);
    const events =
      whole && typeof whole === "object" && "events" in whole ? whole.events : undefined;
    if (!Array.isArray(events)) {
      throw new PolarisError(
        "invalid_input",
        "The body needs `machine`, `sessions` and a list `events`.",
      );
    }
    const items = events.map((event, index) => ({ line: index + 1, json: JSON.stringify(event) }));
    return { head: headOf(whole), items };
  }
  const lines = text.split("\n");
  const head = headOf(parseStorable(lines[0] ?? ""));
  const items = [];
  for (let at = 1; at < lines.length; at++) {
    const json = lines[at];
    if (json) items.push({ line: at, json });
  }
  return { head, items };
}

function headOf(value: unknown): IngestHead {
  const head = IngestHead.safeParse(value);
  if (head.success) return head.data;
  throw new PolarisError(
    "invalid_input",
    `The batch's head is not right: ${sentence(head.error)}.`,
    {
      hint: "The first line holds { machine, sessions }; see wire/ingest.ts.",
    },
  );
}

/**
 * Takes a daemon's batch: events by project, one transaction each. What cannot be read as an event is refused by
 * line and never fails the others; a position of a refused line counts as taken, so that the rest is acknowledged.
 * Sessions of a project the caller may not see (any more) are answered as `blocked`, nothing of them is taken: their
 * events wait on the machine and come in when access does. To refuse them would lose them for good.
 */
export function startIngest(
  db: Db,
  bell: Doorbell,
  strain: Strain,
  taken: (batch: Ingested) => void = () => {},
) {
  /** Sessions seen lately: they need no upsert. id -> org/project/name. */
  const known = new Map<string, { org: string; project: string; name: string }>();
  const projects = new Map<string, string>();
  const ofProject = startTurns(PER_PROJECT);
  const ofAll = startTurns(AT_ONCE);
  const inTurn = <T>(project: string, work: (isCrowded: boolean) => Promise<T>) =>
    strain.during(() => ofProject(project, (others) => ofAll("", () => work(others > 0))));

  return async function ingest(caller: Caller, { head, items }: Lines): Promise<IngestAnswer> {
    const startedAt = performance.now();
    let newestAt = 0;
    const bySession = new Map(head.sessions.map((session) => [session.id, session]));
    const answer: IngestAnswer = {
      acked: {},
      names: {},
      stored: 0,
      known: 0,
      refused: [],
      blocked: [],
    };
    const batches = new Map<string, Taking>();
    const batchOf = (project: string) => {
      const batch = batches.get(project) ?? { items: [], refused: [] };
      batches.set(project, batch);
      return batch;
    };

    const lines = new Map<string, number>();
    for (const { line, json } of items) {
      const read = readEvent(json, bySession);
      if ("refusal" in read) {
        answer.refused.push({ line, ...read.refusal });
        const session = read.refusal.session ? bySession.get(read.refusal.session) : undefined;
        // Of one that is too large its machine sends a note in its place, which the reader sees.
        if (session && read.refusal.pos && read.refusal.code !== "event_too_large") {
          batchOf(session.project).refused.push({ session: session.id, pos: read.refusal.pos });
        }
        continue;
      }
      lines.set(read.item.event.id, line);
      newestAt = Math.max(newestAt, Date.parse(read.item.event.at));
      batchOf(read.project).items.push(read.item);
    }

    for (const [slug, batch] of batches) {
      try {
        await take(caller, slug, batch);
      } catch (error) {
        if (!(error instanceof PolarisError) || error.code !== "not_found") throw error;
        // Deleted and made anew, it has another id.
        projects.delete(`${caller.org}/${slug}`);
        const { code, message } = error;
        for (const { id, project } of head.sessions) {
          if (project === slug) answer.blocked.push({ session: id, code, message });
        }
      }
    }
    const { stored, known: again, refused } = answer;
    const ms = performance.now() - startedAt;
    taken({ stored, known: again, refused: refused.length, newestAt, ms });
    return answer;

    async function take(caller: Caller, slug: string, taking: Taking) {
      const project = await projectId(caller, slug);
      const odd = await screen(db, caller, project, taking.items, head.machine.id);
      const batch = taking.items.filter(({ event }) => !odd.has(event.id));
      const refused = [...taking.refused];
      for (const { event, session, pos } of taking.items) {
        if (pos && odd.has(event.id)) refused.push({ session, pos });
      }
      const wanted = head.sessions.filter((session) => session.project === slug);
      const fresh = wanted.filter(({ id }) => known.get(id)?.project !== project);
      const floors = new Map(wanted.map(({ id, floor }) => [id, floor]));
      const names = new Map<string, string>();
      const { id: machine, name: machineName } = head.machine;
      const from = { caller, project: { id: project, slug }, machine, machineName };
      const before =
        fresh.length === 0
          ? undefined
          : async (tx: Tx) => {
              for (const session of fresh) {
                const named = { ...session, machine: head.machine };
                names.set(session.id, await sessions.ensure(tx, caller.org, project, named));
              }
            };
      const done = await inTurn(project, (isCrowded) =>
        append(db, { ...from, items: batch, floors, refused, isCrowded }, { before }),
      );
      if (known.size > 100_000) known.clear();
      for (const [id, name] of names) known.set(id, { org: caller.org, project, name });
      for (const { id } of wanted) answer.names[id] = known.get(id)?.name ?? names.get(id) ?? "";
      Object.assign(answer.acked, done.acked);
      for (const { event, session, pos } of taking.items) {
        const message = odd.get(event.id);
        if (!message) continue;
        const line = lines.get(event.id) ?? 0;
        answer.refused.push({ line, session, ...(pos ? { pos } : {}), code: "forbidden", message });
      }
      answer.stored += done.stored.size;
      answer.known += batch.length - done.stored.size;
      if (done.stored.size > 0) bell.ring(caller.org, project);
    }
  };

  /** Which project is meant; whether the caller may is asked where it is written into. */
  async function projectId(caller: Caller, slug: string): Promise<string> {
    const key = `${caller.org}/${slug}`;
    const hit = projects.get(key);
    if (hit) return hit;
    const [row] = await db.as(caller.org, async (tx) => {
      await make(tx, caller, { slug });
      return tx<
        { id: string }[]
      >`select id from projects where org_id = ${caller.org} and slug = ${slug}`;
    });
    if (!row) throw new Error("the project was not made");
    projects.set(key, row.id);
    return row.id;
  }
}

type Read =
  | { project: string; item: Incoming }
  | { refusal: Omit<IngestAnswer["refused"][number], "line"> };

function readEvent(json: string, sessions: Map<string, IngestSession>): Read {
  let value: unknown;
  let isSame: boolean;
  try {
    ({ value, isSame } = readStorable(json));
  } catch {
    return { refusal: { code: "invalid_json", message: "This line is not valid JSON." } };
  }
  if (json.length > MAX_LINE) {
    // With its place: without, the machine would not know which it is and offer it again for ever.
    const message = "One event may hold 16 MB.";
    return { refusal: { ...placeOf(value), code: "event_too_large", message } };
  }
  const parsed = IngestEvent.safeParse(value);
  if (!parsed.success) {
    return {
      refusal: { ...placeOf(value), code: "invalid_input", message: sentence(parsed.error) },
    };
  }
  // With its place in it: to copy all but that would cost as much as to check it.
  const event = parsed.data;
  const { session, pos } = event;
  const message = refusalOf(event);
  if (message) return { refusal: { session, pos, code: "forbidden", message } };
  const project = sessions.get(session)?.project;
  if (!project) {
    return {
      refusal: {
        code: "invalid_input",
        message: "The event's session is not in the batch's head.",
      },
    };
  }
  return { project, item: isSame ? { event, session, pos, json } : { event, session, pos } };
}

/** Session and position of a line that is not a right event, when at least these can be read. */
function placeOf(value: unknown): { session?: string; pos?: number } {
  const place = IngestEvent.pick({ session: true, pos: true }).safeParse(value);
  return place.success ? place.data : {};
}
