import { z } from "zod";
import { Participant } from "./participant.ts";

/**
 * What happened in a session, in Polaris's own words. Names follow OpenTelemetry's session convention and the
 * Agent Client Protocol where they have one. The list is open: a kind that is not here is stored and shown plainly.
 */
export const KINDS = [
  "session.start",
  "session.end",
  "session.title",
  "session.label",
  "user.message",
  "agent.message",
  "agent.thought",
  "tool.call",
  "tool.result",
  "permission.request",
  "permission.decision",
  "question.asked",
  "question.answered",
  "turn.end",
  "subagent.start",
  "subagent.end",
  "compaction.start",
  "compaction.end",
  "notice",
  "error",
  "usage",
  "code.commit",
  "pull.asked",
  "pull.told",
  "pull.failed",
  "driver.changed",
  "session.joined",
  "session.left",
  "recording.paused",
  "recording.resumed",
  "recovered",
  "injection.queued",
  "injection.delivered",
  "injection.seen",
  "injection.answered",
  "injection.failed",
  "injection.expired",
  "injection.recalled",
  "injection.edited",
  "advice.muted",
  "advice.unmuted",
  "other",
] as const;
export type Kind = (typeof KINDS)[number];

/** Which translator made the event, from what, and through which door it came. */
export const Source = z.object({
  /** The coding agent: `claude-code`; `polaris` for our own events; `api` for a caller's. */
  agent: z.string().max(64),
  /** The agent's version, when it says so. */
  version: z.string().max(64).optional(),
  /** Version of our translation, raised when the same raw input would give another event. */
  translator: z.int().min(0).max(32767),
  via: z.enum(["hook", "transcript", "api", "import", "polaris"]),
});
export type Source = z.infer<typeof Source>;

const isObject = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A JSON object as it may be stored; anything an agent sends fits. Not a record, which would copy it: 0.6 µs an event. */
export const Body = z
  .custom<Record<string, unknown>>(isObject, "expected an object")
  .meta({ type: "object", additionalProperties: {} });
export type Body = z.infer<typeof Body>;

/**
 * The event. `text` is what a person reads and search finds; `body` holds the rest by kind:
 *
 * | kind | body |
 * |---|---|
 * | session.start | `{ source: startup, resume, clear, compact or fork, model?, cwd?, branch?, agentSession?, continues? }` (agentSession: the agent's own id of its conversation; continues: the id of the session it goes on from) |
 * | session.end | `{ reason }` |
 * | session.title | `{}` (text = title) |
 * | session.label | `{ label }` (null: taken away) |
 * | user.message | `{ origin: user, injected or system, queued?, command?, arguments?, bash?, images?, from? }` (from of advice: `{ kind, id?, name? }`) |
 * | agent.message | `{ model?, messageId?, aborted?, apiError? }` |
 * | agent.thought | `{ model?, messageId?, durationMs? }` |
 * | tool.call | `{ callId, name, kind, input }` (text = a telling line: the command, the path) |
 * | tool.result | `{ callId, name?, status: completed, failed, rejected or denied, output, structured?, durationMs?, feedback?, allowed? }` (allowed: rule or mode that let it pass unasked) |
 * | permission.request | `{ name, input, suggestions? }` |
 * | permission.decision | `{ callId, name?, decision: accept or reject, by: user, rule, hook or mode, source?, scope?, feedback? }`: by a person or a hook, or a refusal |
 * | question.asked, question.answered | `{ callId, questions }`, `{ callId, answers, cancelled? }` |
 * | turn.end | `{ reason: end_turn, max_tokens, refusal, cancelled or error, backgroundTasks? }` |
 * | subagent.start, subagent.end | `{ agentId, agentType?, description? }` |
 * | compaction.start, compaction.end | `{ trigger, preTokens?, postTokens? }` |
 * | session.joined | `{ agentSession? }` |
| notice | `{ kind, continues? }` (kind fork: the session it goes on from) |
 * | error | `{ status?, type?, retryInMs?, attempt?, attempts?, final? }` |
 * | usage | `{ model?, messageId?, inputTokens?, outputTokens?, cacheReadTokens?, cacheWriteTokens?, costUsd?, durationMs?, total?, models? }` (total: of the session so far, not to be added up) |
 * | code.commit | `Commit` of commit.ts (text = the subject) |
 * | pull.asked | `{ number? }`: the session's own machine shall tell its pull request of it |
 * | pull.told, pull.failed | `{ asked, url, number }` (url: of the comment), `{ asked, reason }` |
 * | injection.queued | `{ from, name?, role?, via? }` (text = the advice; the event's id is the injection's) |
 * | injection.delivered, .seen, .answered, .failed | `Report` of injection.ts (answered: text = the agent's answer) |
 * | injection.expired, .recalled, .edited | `{ injection, reason? }` (edited: text = the new words) |
 * | driver.changed | `{ driver, from?, forced? }` (driver: who drives now, null for nobody; from: who did) |
 * | advice.muted, .unmuted | `{}` |
 * | other | `{ type, data? }`, with `raw` |
 *
 * Any event may carry `branch` and `cwd`: where the session is from here on. Fields of the agent that no one has a place
 * for yet are kept in `body.extra`.
 */
export const Event = z.object({
  /** Minted at the edge; deterministic where the source has an identity. */
  id: z.guid(),
  /** When it happened, by the clock of the machine that saw it (RFC 3339). */
  at: z.iso
    .datetime({ offset: true })
    .refine(
      (at) => !/^0000|[+-](1[6-9]|2\d):/.test(at),
      "a year from 1 on, at most 15:59 from UTC",
    ),
  sender: Participant,
  kind: z
    .string()
    .max(64)
    .regex(/^[a-z][a-z0-9_.-]*$/),
  text: z.string().optional(),
  body: Body.default({}),
  /** The input as it came, for what could not be translated. */
  raw: z.string().optional(),
  /** The agent's own id of the turn (Claude Code: the prompt id). */
  turn: z.string().max(128).optional(),
  /** The subagent this happened in. */
  parent: z.string().max(128).optional(),
  source: Source,
});
export type Event = z.infer<typeof Event>;

/** An event as the server gives it out: with its place in the project, whole and forever. */
export interface StoredEvent extends Omit<Event, "raw"> {
  /** Gapless position in the project, in commit order: the cursor of every list and stream. */
  seq: number;
  /** The session's id and its name in the project. */
  session: string;
  sessionName: string;
  /** How a named agent is called, when the sender is one. */
  senderName?: string;
  receivedAt: string;
  /** True when long strings were shortened for this reply; the event's own address gives them whole. */
  cut?: true;
  /** True when the untranslated input is kept and can be read at the event's own address. */
  hasRaw?: true;
}
