import { stat } from "node:fs/promises";
import type { Agent, Memory, People } from "../agents/agent.ts";
import { uuid5 } from "../lib/uuid.ts";
import type { Guard } from "../machine/guard/guard.ts";
import type { Event } from "../wire/event.ts";
import { bindingOf } from "./bindings.ts";
import { checker, note, type Origin, type Unsure } from "./check.ts";
import { append, forgo } from "./events.ts";
import { copy, origin } from "./forks.ts";
import { nextStop } from "./held.ts";
import type { Journal } from "./journal.ts";
import { LONGEST, readLines, type Step } from "./lines.ts";
import { mingle } from "./mingle.ts";
import { sessionOf } from "./sessions.ts";
import { firstMemory, isSaid, move, type Tail } from "./tails.ts";
import { notice, recognise, witness } from "./witness.ts";

/** Polaris's own translator version and namespace, for what the tail itself has to say. */
const OWN = { agent: "polaris", translator: 1, via: "polaris" } as const;
/** The transcript itself is the safe copy. */
const LAZY = { lazy: true };
const NAMESPACE = "0198d2c4-5b1e-7c60-9f0a-3d0c6a51e7b2";

export interface Reading {
  journal: Journal;
  agent: Agent;
  guard: Guard;
}

/**
 * Reads one transcript up to its present end. Events, offset and the reader's memory go into one transaction: after a
 * crash the next reader stands exactly behind the last event that was written. Answers whether there was anything new.
 */
export async function readTail(
  { journal, agent, guard }: Reading,
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
    const hushed = isPaused(journal, tail);
    let step = await readLines(tail.path, offset, Math.min(size, stop));
    // The hook called in the middle of a line.
    if (step.next === offset && stop < size) step = await readLines(tail.path, offset, size);
    if (step.next === offset) return grew;
    const from =
      offset === tail.offset ? tail : { ...tail, memory: JSON.stringify(firstMemory(tail)) };
    // For lines without a time of their own that stand before any that has one.
    const since = new Date(Number(offset === 0 ? file.birthtimeMs : file.mtimeMs)).toISOString();
    const at = { ...from, inode, offset };
    const next = hushed
      ? await pass(journal, agent, at, step)
      : await store({ journal, agent, guard }, at, step, since);
    if (!next) return grew;
    Object.assign(tail, next);
    grew = true;
  }
  return grew;
}

async function store(
  { journal, agent, guard }: Reading,
  tail: Tail,
  step: Step,
  since: string,
): Promise<Tail | undefined> {
  const people = peopleOf(journal, tail.agent_session);
  if (!people) return undefined;
  const memory: Memory = { at: since, ...JSON.parse(tail.memory) };
  const events: Event[] = [];
  const unsure: Unsure[] = [];
  const origins: [Origin, Unsure[]][] = [];
  const check = checker(guard, people.cwd, unsure);
  for (const [n, line] of step.lines.entries()) {
    for (const event of agent.readLine(line.text, people, memory)) {
      if (!isSaid(memory, event)) {
        copy(memory, event);
        continue;
      }
      const from = origin(journal.db, tail, people, memory, event);
      const clean = check(event);
      events.push(...[from, clean].filter((one) => one !== undefined));
    }
    if (unsure.length === 0) continue;
    const before = memoryBefore(agent, people, { at: since, ...JSON.parse(tail.memory) }, step, n);
    const { agent_session, path, inode } = tail;
    const where = { agent_session, path, inode, offset: line.at, memory: JSON.stringify(before) };
    origins.push([where, unsure.splice(0)]);
  }
  if (step.skipped !== undefined) events.push(tooLong(tail, step.skipped, people));
  const next = { ...tail, offset: step.next, memory: JSON.stringify(memory) };
  return await journal.write(() => {
    const bound = bindingOf(journal.db, tail.agent_session);
    if (!bound || bound.state === "left") return undefined;
    // It went off the record while these lines were read.
    if (bound.paused) return undefined;
    notice(journal.db, agent, tail.agent_session, step.lines);
    const lines = recognise(journal.db, bound.session, events);
    append(journal.db, bound.session, mingle(journal.db, tail, bound.session, lines));
    witness(journal.db, agent, bound.session, lines, "transcript");
    for (const [origin, events] of origins) note(journal.db, guard, origin, events);
    move(journal.db, next);
    return next;
  }, LAZY);
}

/**
 * Off the record: the reader goes on and nothing is kept but the ids, by which these lines are known should they come
 * again (a fork copies them). Neither is what it learned from them: the next line is read as if they were not there.
 */
async function pass(
  journal: Journal,
  agent: Agent,
  tail: Tail,
  step: Step,
): Promise<Tail | undefined> {
  const people = peopleOf(journal, tail.agent_session);
  if (!people) return undefined;
  const memory: Memory = JSON.parse(tail.memory);
  const events = step.lines.flatMap((line) => agent.readLine(line.text, people, memory));
  const next = { ...tail, offset: step.next };
  return await journal.write(() => {
    notice(journal.db, agent, tail.agent_session, step.lines);
    const bound = bindingOf(journal.db, tail.agent_session);
    if (bound) witness(journal.db, agent, bound.session, events, "transcript");
    forgo(journal.db, events);
    move(journal.db, next);
    return next;
  }, LAZY);
}

const isPaused = ({ db }: Journal, { agent_session }: Tail): boolean =>
  bindingOf(db, agent_session)?.paused === 1;

function peopleOf({ db }: Journal, agentSession: string) {
  const bound = bindingOf(db, agentSession);
  const session = bound && bound.state !== "left" ? sessionOf(db, bound.session) : undefined;
  return session && { ...session, cwd: bound?.cwd ?? session.cwd };
}

/** What the reader knew before line `n`: read once more, because to remember it before each line would cost every line. */
function memoryBefore(agent: Agent, people: People, start: Memory, step: Step, n: number): Memory {
  for (const { text } of step.lines.slice(0, n)) agent.readLine(text, people, start);
  return start;
}

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
