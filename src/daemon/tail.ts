import { stat } from "node:fs/promises";
import type { Agent, Memory, People } from "../agents/agent.ts";
import { uuid5 } from "../lib/uuid.ts";
import { redact } from "../machine/redact.ts";
import type { Event } from "../wire/event.ts";
import { bindingOf } from "./bindings.ts";
import { append } from "./events.ts";
import { mingle, nextStop } from "./held.ts";
import type { Journal } from "./journal.ts";
import { LONGEST, readLines, type Step } from "./lines.ts";
import { sessionOf } from "./sessions.ts";
import { move, type Tail } from "./tails.ts";

/** Polaris's own translator version and namespace, for what the tail itself has to say. */
const OWN = { agent: "polaris", translator: 1, via: "polaris" } as const;
/** The transcript itself is the safe copy. */
const LAZY = { lazy: true };
const NAMESPACE = "0198d2c4-5b1e-7c60-9f0a-3d0c6a51e7b2";

/**
 * Reads one transcript up to its present end. Events, offset and the reader's memory go into one transaction: after a
 * crash the next reader stands exactly behind the last event that was written. Answers whether there was anything new.
 */
export async function readTail(
  journal: Journal,
  agent: Agent,
  tail: Tail,
  signal: AbortSignal,
): Promise<boolean> {
  let grew = false;
  while (!signal.aborted) {
    const file = await stat(tail.path, { bigint: true }).catch(() => undefined);
    if (!file) return grew;
    const size = Number(file.size);
    const inode = String(file.ino);
    // Replaced or truncated: from the top again; the lines' own ids keep what is known from being written twice.
    const replaced = tail.inode !== null && tail.inode !== inode;
    const offset = replaced || size < tail.offset ? 0 : tail.offset;
    if (size === offset) return grew;
    const stop = nextStop(journal.db, tail.agent_session, offset) ?? size;
    let step = await readLines(tail.path, offset, Math.min(size, stop));
    // The hook called in the middle of a line.
    if (step.next === offset && stop < size) step = await readLines(tail.path, offset, size);
    if (step.next === offset) return grew;
    const from = offset === tail.offset ? tail : { ...tail, memory: fresh(tail) };
    // For lines without a time of their own that stand before any that has one.
    const since = new Date(Number(offset === 0 ? file.birthtimeMs : file.mtimeMs)).toISOString();
    const next = await store(journal, agent, { ...from, inode, offset }, step, since);
    if (!next) return grew;
    Object.assign(tail, next);
    grew = true;
  }
  return grew;
}

async function store(
  journal: Journal,
  agent: Agent,
  tail: Tail,
  step: Step,
  since: string,
): Promise<Tail | undefined> {
  const people = peopleOf(journal, tail.agent_session);
  if (!people) return undefined;
  const memory: Memory = { at: since, ...JSON.parse(tail.memory) };
  const events: Event[] = [];
  for (const line of step.lines) {
    for (const event of agent.readLine(line, people, memory)) events.push(redact(event));
  }
  if (step.skipped !== undefined) events.push(tooLong(tail, step.skipped, people));
  const next = { ...tail, offset: step.next, memory: JSON.stringify(memory) };
  return await journal.write(() => {
    const bound = bindingOf(journal.db, tail.agent_session);
    if (!bound || bound.state === "left") return undefined;
    append(journal.db, bound.session, mingle(journal.db, tail, bound.session, events));
    move(journal.db, next);
    return next;
  }, LAZY);
}

function peopleOf({ db }: Journal, agentSession: string): People | undefined {
  const bound = bindingOf(db, agentSession);
  return bound && bound.state !== "left" ? sessionOf(db, bound.session) : undefined;
}

const fresh = (tail: Tail) =>
  JSON.stringify(tail.subagent === null ? {} : { subagent: tail.subagent });

function tooLong(tail: Tail, bytes: number, people: People): Event {
  return {
    id: uuid5(NAMESPACE, `${tail.path}\n${tail.inode}\n${tail.offset}`),
    at: new Date().toISOString(),
    sender: people.agent,
    kind: "error",
    text: `A line of ${Math.round(bytes / 1e6)} MB in the transcript was skipped: Polaris takes up to ${Math.round(LONGEST / 1e6)} MB.`,
    body: { bytes },
    ...(tail.subagent === null ? {} : { parent: tail.subagent }),
    source: OWN,
  };
}
