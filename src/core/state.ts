import type { Event } from "../wire/event.ts";
import type { State } from "../wire/session.ts";

/** What a batch of new events changes in its session's row. Absent fields stay as they are. */
export interface Change {
  state?: State;
  /** When it came to stand so, within these events. */
  stateAt?: string;
  /** Whether it stood otherwise in between. */
  moved?: boolean;
  /** What it asks of a human; empty once it asks no more. */
  asks?: string;
  title?: string;
  model?: string;
  cwd?: string;
  branch?: string;
  driver?: string | null;
  lastPrompt?: string;
  ended?: string | null;
  prompts: number;
  toolCalls: number;
}

/** How the session stands after this event; undefined when it says nothing about that. */
export function stateAfter(event: Pick<Event, "kind" | "body" | "parent">): State | undefined {
  if (event.parent) return undefined; // a subagent's end is not its parent's
  switch (event.kind) {
    case "user.message":
      // `/rename` and `!ls` are done by the client; where one sets the agent to work, its words follow.
      return event.body.command || event.body.bash ? undefined : "working";
    case "agent.message":
    case "agent.thought":
    case "tool.call":
    case "tool.result":
    case "permission.decision":
    case "question.answered":
    case "compaction.start":
      return "working";
    case "permission.request":
    case "question.asked":
      return "needs_human";
    case "turn.end":
      return event.body.reason === "error" ? "failed" : "idle";
    case "session.start":
    case "recording.resumed":
      return "idle";
    case "session.end":
      return "finished";
    case "recording.paused":
      return "paused";
    default:
      return undefined;
  }
}

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

/** One line of what is asked: the command, the path, the question. */
function asked({ kind, text, body }: Pick<Event, "kind" | "text" | "body">): string {
  const name = textOf(body.name);
  const said = text ?? questionOf(body) ?? "";
  const line = kind === "permission.request" && name ? `${name}: ${said}` : said;
  return line.slice(0, 280);
}

function questionOf({ questions }: Event["body"]): string | undefined {
  const first: unknown = Array.isArray(questions) ? questions[0] : undefined;
  if (typeof first === "string") return first;
  return typeof first === "object" && first !== null && "question" in first
    ? textOf(first.question)
    : undefined;
}

/** Folds events, in their order, into one change. */
export function changeOf(
  events: Pick<Event, "kind" | "body" | "text" | "parent" | "at">[],
): Change {
  const change: Change = { prompts: 0, toolCalls: 0 };
  for (const event of events) {
    const { kind, body, text } = event;
    const state = stateAfter(event);
    if (state) {
      if (state !== change.state) {
        change.moved = change.state !== undefined;
        change.stateAt = event.at;
      }
      change.state = state;
      change.asks = state === "needs_human" ? asked(event) : "";
      change.ended = state === "finished" ? event.at : null;
    }
    // Advice is not its driver's prompt.
    const isAside = body.origin === "system" || body.origin === "injected";
    if (kind === "user.message" && !isAside && !event.parent) {
      change.prompts++;
      if (text) change.lastPrompt = text.slice(0, 280);
    }
    if (kind === "tool.call") change.toolCalls++;
    if (kind === "session.title" && text) change.title = text.slice(0, 280);
    if (kind === "driver.changed") change.driver = textOf(body.driver) ?? null;
    if (!event.parent) {
      const model = textOf(body.model);
      if (model) change.model = model;
      const cwd = textOf(body.cwd);
      if (cwd) change.cwd = cwd;
      const branch = textOf(body.branch);
      if (branch) change.branch = branch;
    }
  }
  return change;
}
