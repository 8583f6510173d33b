import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { Agent, Memory, People } from "../agents/agent.ts";
import type { Event } from "../wire/event.ts";
import type { Check } from "./check.ts";
import { lineEnd, readLines } from "./lines.ts";
import { isSaid, subagentFiles } from "./tails.ts";

/** Enough lines at either end of a file to know when and where it was written. */
const PEEK = 64 * 1024;

/** Every transcript of an agent on this machine: paths alone, nothing is read. */
export function findTranscripts(folder: string): string[] {
  return listed(folder).flatMap((project) =>
    listed(join(folder, project))
      .filter((name) => name.endsWith(".jsonl"))
      .map((name) => join(folder, project, name)),
  );
}

/** A transcript is named after the agent's own session. */
export const agentSessionOf = (path: string): string => basename(path, ".jsonl");

export interface Description {
  bytes: number;
  /** With its subagents' transcripts. */
  allBytes: number;
  from: string | null;
  to: string | null;
  cwd: string | null;
  changedAt: number;
}

/** When and where a transcript was written, from its first and last lines. */
export async function describe(agent: Agent, path: string): Promise<Description | undefined> {
  const file = statSync(path, { throwIfNoEntry: false });
  if (!file?.isFile()) return undefined;
  const people = { driver: null, agent: agent.participant };
  const memory: Memory = {};
  let from: string | null = null;
  for (const line of await linesFrom(path, 0, Math.min(file.size, PEEK))) {
    agent.readLine(line, people, memory);
    from ??= memory.at ?? null;
    if (from !== null && memory.cwd !== undefined) break;
  }
  const tail = Math.max(0, file.size - PEEK);
  const last: Memory = {};
  for (const line of await linesFrom(path, tail === 0 ? 0 : lineEnd(path, tail), file.size)) {
    agent.readLine(line, people, last);
  }
  const rest = partsOf(agent, path).slice(1);
  return {
    bytes: file.size,
    allBytes: rest.reduce((sum, part) => sum + part.end, file.size),
    from,
    to: last.at ?? from,
    cwd: memory.cwd ?? null,
    changedAt: file.mtimeMs,
  };
}

/** A stretch of a transcript, and what its reader has to know at the start. */
export interface Part {
  path: string;
  start: number;
  end: number;
  memory: Memory;
}

/** The whole of a session: its transcript and those of its subagents. */
export function partsOf(agent: Agent, path: string): Part[] {
  const folder = agent.subagentsFolder(path);
  const files: [string, Memory][] = [[path, {}]];
  for (const [file, subagent] of folder ? subagentFiles(folder) : []) {
    files.push([file, { subagent }]);
  }
  return files.map(([file, memory]) => ({
    path: file,
    start: 0,
    end: statSync(file, { throwIfNoEntry: false })?.size ?? 0,
    memory,
  }));
}

/**
 * The events of several stretches as one row, in batches: by time between the files, each file in its own order
 * whatever its times say. About a megabyte of each file is in memory. `onRead` hears of every byte. An event that `check`
 * cannot clean is left out.
 */
export async function* eventsOf(
  agent: Agent,
  parts: Part[],
  people: People,
  check: Check,
  onRead: (bytes: number) => void,
): AsyncGenerator<Event[]> {
  const streams = parts.map((part) => ordered(agent, part, people, check, onRead));
  const heads = await Promise.all(streams.map(async (stream) => (await stream.next()).value));
  let batch: Event[] = [];
  for (;;) {
    let first = -1;
    for (const [at, head] of heads.entries()) {
      const best = heads[first];
      if (head && (!best || head.key < best.key)) first = at;
    }
    const head = heads[first];
    const stream = streams[first];
    if (!head || !stream) break;
    batch.push(head.event);
    heads[first] = (await stream.next()).value;
    if (batch.length < 500) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

interface Keyed {
  key: number;
  event: Event;
}

async function* ordered(
  agent: Agent,
  { path, start, end, memory }: Part,
  people: People,
  check: Check,
  onRead: (bytes: number) => void,
): AsyncGenerator<Keyed, undefined> {
  let key = 0;
  for (let at = start; at < end; ) {
    const step = await readLines(path, at, end);
    if (step.next === at) break;
    for (const line of step.lines) {
      for (const event of agent.readLine(line.text, people, memory)) {
        if (!isSaid(memory, event)) continue;
        key = Math.max(key, Date.parse(event.at) || 0);
        const clean = check(event);
        if (clean) yield { key, event: clean };
      }
    }
    onRead(step.next - at);
    at = step.next;
  }
  return undefined;
}

async function linesFrom(path: string, start: number, end: number): Promise<string[]> {
  return start < end ? (await readLines(path, start, end)).lines.map(({ text }) => text) : [];
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
