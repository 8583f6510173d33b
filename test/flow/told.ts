import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Memory } from "../../src/agents/agent.ts";
import { claude } from "../../src/agents/claude/index.ts";
import { until } from "../../src/lib/until.ts";
import type { Event, StoredEvent } from "../../src/wire/event.ts";
import type { Chain } from "../helpers/chain.ts";

/** One event in one line: who, what, in which way, and the first words. Tokens and costs are left out. */
export function told(events: readonly (Event | StoredEvent)[]): string[] {
  return events.filter(({ kind }) => kind !== "usage").map(sentence);
}

/** What tells two events of one kind apart. */
const WAYS = [
  "origin",
  "command",
  "source",
  "status",
  "decision",
  "by",
  "reason",
  "cancelled",
  "aborted",
];

function sentence({ sender, kind, text = "", body }: Event | StoredEvent): string {
  const way = (key: string): string[] => {
    const value = body[key];
    // Which word the client has for a decision is its own affair.
    if (value === undefined || (key === "source" && kind !== "session.start")) return [];
    return [value === true ? key : String(value)];
  };
  const ways = kind === "notice" ? [String(body.kind)] : WAYS.flatMap(way);
  const words = text.split("\n", 1)[0]?.slice(0, 60) ?? "";
  return [sender, kind, ways.length ? `(${ways.join(", ")})` : "", words].filter(Boolean).join(" ");
}

/** What only hooks and the recorder know: see the table in docs/events.md. */
export const isUntold = (line: string): boolean =>
  / (?:session\.(?:start|end)|permission\.request|subagent\.(?:start|end)) ?/.test(line) ||
  / turn\.end \((?:end_turn|error)\)/.test(line) ||
  / notice \((?:permission_prompt|idle_prompt|cwd)\)/.test(line);

export async function recorded(
  chain: Chain,
  what: string,
  test: (event: StoredEvent) => boolean | undefined,
  count = 1,
): Promise<void> {
  await until(async () => (await chain.log("site")).filter(test).length >= count, {
    timeoutMs: 30_000,
    everyMs: 100,
    what,
  });
}

/** Resolves when so many turns have ended. */
export const turns = (chain: Chain, count: number) =>
  recorded(chain, `end ${count} of a turn`, ({ kind }) => kind === "turn.end", count);

/** Every transcript below the client's home, those of subagents too. */
export function transcripts({ home }: Chain): string[] {
  const folder = join(home, ".claude/projects");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".jsonl"))
    .map((name) => join(folder, name));
}

/** The same events from the file alone, as an import reads it. */
export function read(path: string): Event[] {
  const [, subagent] = /\/agent-(\w+)\.jsonl$/.exec(path) ?? [];
  const memory: Memory = subagent ? { subagent } : {};
  const people = { driver: "user:manu", agent: "agent:claude" };
  return readFileSync(path, "utf8")
    .split("\n")
    .flatMap((line) => claude.readLine(line, people, memory));
}
