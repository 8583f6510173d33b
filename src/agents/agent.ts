import type { Event } from "../wire/event.ts";
import type { HookCall } from "../wire/local.ts";
import type { Participant } from "../wire/participant.ts";

/**
 * What a coding agent's folder gives: its dialect in, our events out. Everything here is pure: no files, no clock,
 * no network. The daemon owns when and where; the server uses `readHook` for payloads posted to it directly.
 */
export interface Agent {
  /** Its folder here and its name in `HookCall.agent`: `claude`. */
  name: string;
  /** Its participant unless a named agent acts: `agent:claude`. */
  participant: Participant;
  /** Reads what one hook call says. Never throws: what cannot be read becomes one `other` fact with `raw`. */
  readHook(call: HookCall, people: People): HookReading;
  /** Reads one line of its transcript, in file order. Never throws; noise gives no events. */
  readLine(line: string, people: People, memory: Memory): Event[];
  /** Where a session's further transcripts lie (subagents), or none. */
  subagentsFolder(transcript: string): string | undefined;
  /** The folder that holds a folder of transcripts for each project (`<folder>/<project>/<agent session>.jsonl`). */
  transcripts(home: string, env: Readonly<Record<string, string | undefined>>): string;
  /** How it is advised; without, it cannot be. */
  advice?: Advisable;
  /** How a conversation of its own is gone on with; without, there is the brief alone. */
  resumes?: Resumable;
  /** A payload as one of its hooks sends it, of a session that never was; the first opens it. */
  sample?(of: Sample): string;
}

export interface Resumable {
  /** What goes on with it: for a shell, in the directory where the conversation was had. */
  command(agentSession: string): string;
  /** Where its transcript lies, below the folder of all. */
  path(cwd: string, agentSession: string): string;
  /** A transcript that says what was recorded, for a machine that never had the agent's own. */
  retell(agentSession: string, cwd: string): Retelling;
}

/** What is read of a recorded event to tell it to an agent again. */
export type Recorded = Pick<Event, "id" | "at" | "sender" | "kind" | "text" | "body" | "parent">;

export interface Retelling {
  /** The next event, in the order of the record. */
  take(event: Recorded): void;
  /** The transcript's lines, after some words of Polaris to the agent, and how many messages they hold. */
  finish(preface: string): { lines: string[]; messages: number };
}

/** What a sample is to be of. */
export interface Sample {
  session: string;
  /** Where it works. */
  folder: string;
  /** 0, 1, 2 … */
  number: number;
}

/** A teammate's words, and whose they are. */
export interface Words {
  /** The injection's. */
  id: string;
  from: Participant;
  name?: string | undefined;
  role?: string | undefined;
  via?: string | undefined;
  at: string;
  text: string;
  /** How often they were changed. */
  edits?: number | undefined;
}

export interface Advisable {
  /** As a tool's answer says it. */
  frame(words: Words): string;
  /** As it is written into the session's inbox. */
  message(words: Words): string;
  /** What a hook of this name prints so that the model reads them; undefined when it would not. */
  hookOutput(name: string, all: readonly Words[]): string | undefined;
  /** What the hook that a bell started says to wake the session. */
  wake(words: Words): string;
  /** What the hook that opens a session prints: the file whose change is its bell, and words for the model. */
  greeting(bell: string, brief?: string): string;
  /** What a line of the transcript says about messages, beside what it tells. */
  signs(line: string): Sign[];
  /** The advice that this result of one of our tools gave the agent to read, by id. */
  givenIn(event: Event): string[];
}

/**
 * `taken`: the session has the message and will read it; `dropped`: it has let it go unread; `held`: it shows it to the
 * person at the keyboard and may read it some day. Without an id the one is meant that was handed over last.
 */
export interface Sign {
  injection?: string;
  is: "taken" | "dropped" | "held";
}

/** Whom to name as sender. `driver` is null while the seat is open: then the agent's `user:unknown` speaks. */
export interface People {
  driver: Participant | null;
  agent: Participant;
}

/**
 * What a transcript reader remembers from line to line (the running turn, which message's usage was counted).
 * Plain JSON: it is stored beside the byte offset, in the same transaction as the events. Starts as `{}`.
 * The daemon sets `subagent` for a subagent's file.
 */
export interface Memory {
  subagent?: string;
  /** Time of the newest line. The daemon may set it before the first one, for lines without a time of their own. */
  at?: string;
  /** Set by the daemon for a fork, whose file begins with copies: only what was said from then on is recorded. */
  saidAfter?: number;
  /** The directory the session runs in, once a line has said so. */
  cwd?: string;
  [key: string]: unknown;
}

export interface HookReading {
  /** The agent's own event name: `SessionStart`; empty when the payload could not be read. */
  name: string;
  /** The agent's own session id; empty when the payload could not be read. */
  agentSession: string;
  transcript?: string;
  cwd?: string;
  /** Set by the hook that opens a session: how it came to be. */
  start?: "startup" | "resume" | "clear" | "compact" | "fork";
  /** Whether the transcript has to be watched closely from now on, or no longer. */
  turn?: "open" | "close";
  /** Its bell was rung. */
  rung?: boolean;
  /** The session ended with this call. */
  ended?: boolean;
  facts: Fact[];
}

/** One thing a hook says, and when it may be written down. */
export interface Fact {
  event: Event;
  /**
   * - `now`: after the transcript has been read up to this moment.
   * - `quiet`: after the transcript has then stayed quiet (the agent's last lines reach the file 80–400 ms late),
   *   so that an end stands after what it ends.
   * - `unseen`: only when the transcript does not tell the same fact itself (same kind, and same turn or same text).
   * - `called`: after the transcript has told the call it is about, which reaches the file only after the hook has run.
   */
  release: "now" | "quiet" | "unseen" | "called";
  /** For `called`: the tools that may be meant. Where the event has a text, it is the call's own. */
  tools?: readonly string[];
}
