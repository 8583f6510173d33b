import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { HookReading, Memory, People } from "../../src/agents/agent.ts";
import { claude } from "../../src/agents/claude/index.ts";
import { uuid7 } from "../../src/lib/uuid.ts";
import { Event } from "../../src/wire/event.ts";

/** What the real client wrote, and how our side reads it. */
const FOLDER = join(import.meta.dir, "../fixtures/claude-code-2.1.329");

export const people: People = { driver: "user:manu", agent: "agent:claude" };

/** Every recorded transcript, those of subagents too, by its path below `transcripts`. */
export const transcripts = (): string[] =>
  readdirSync(join(FOLDER, "transcripts"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".jsonl"))
    .sort();

export const lines = (transcript: string): string[] =>
  readFileSync(join(FOLDER, "transcripts", transcript), "utf8")
    .split("\n")
    .filter(Boolean);

/** Reads a transcript as the daemon does: line by line, with the memory written down in between. */
export function read(transcript: string, who = people): Event[] {
  return readLines(lines(transcript), who, subagentOf(transcript));
}

export function readLines(texts: string[], who = people, memory: Memory = {}): Event[] {
  let kept = memory;
  return texts.flatMap((line) => {
    kept = JSON.parse(JSON.stringify(kept));
    return claude.readLine(line, who, kept);
  });
}

function subagentOf(transcript: string): Memory {
  const [, subagent] = /\.subagents\/agent-(\w+)\.jsonl$/.exec(transcript) ?? [];
  return subagent ? { subagent } : {};
}

/** Every recorded series of hook calls. */
export const scenarios = (): string[] =>
  readdirSync(join(FOLDER, "hooks"))
    .map((name) => basename(name, ".jsonl"))
    .sort();

/** The payloads of a series, as they came on standard input. */
export const payloads = (scenario: string): string[] =>
  readFileSync(join(FOLDER, "hooks", `${scenario}.jsonl`), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.stringify(JSON.parse(line).payload));

export const hook = (payload: string, who = people): HookReading =>
  claude.readHook({ id: uuid7(), at: "2026-11-20T16:00:00.000Z", agent: "claude", payload }, who);

/** One event in one line, as a person would tell it; tokens and costs left out. */
export function story(events: Event[]): string[] {
  return events.filter((event) => event.kind !== "usage").map(sentence);
}

function sentence({ kind, sender, text = "", body }: Event): string {
  const speaker = sender.replace("agent:claude", "agent");
  const words = text.split("\n", 1)[0]?.slice(0, 60) ?? "";
  switch (kind) {
    case "user.message":
      return `${speaker} [${body.origin}${body.queued ? ", queued" : ""}]: ${words}`;
    case "tool.call":
      return `call ${body.name} (${body.kind}): ${words}`;
    case "tool.result":
      return `result ${body.name} ${body.status}`;
    case "permission.decision":
      return `${speaker} ${body.decision} by ${body.by}${text ? `: ${words}` : ""}`;
    case "question.answered":
      return body.cancelled ? `${speaker} cancelled the question` : `${speaker} answered: ${words}`;
    case "turn.end":
      return `${speaker} ended the turn: ${body.reason}`;
    case "agent.message":
      return `${speaker}${body.aborted ? " [aborted]" : ""}: ${words}`;
    default:
      return `${kind}: ${words}`;
  }
}

/** An event that every door of Polaris takes. */
export const check = (event: Event): Event => Event.parse(event);
