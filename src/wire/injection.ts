import { z } from "zod";
import { Participant } from "./participant.ts";

/**
 * Where a piece of advice stands. It moves to the right, and every step is an event of its session:
 * `queued` → `delivered` (handed to a route into the agent) → `seen` (there is evidence that the text entered the
 * conversation) → `answered`; or `expired` (no evidence within its time), `failed` (with a reason), `recalled` (by its
 * sender, before delivery). Evidence is stronger than a wish: a `seen` that arrives after `recalled`, `expired` or `failed`
 * stands. What `failed` before it was delivered may wait at its machine for a chance, and can be recalled until then.
 *
 * `expired` is the server's word, 20 to 30 s after nobody listened for the session; a machine that hears
 * `injection.expired` or `injection.recalled` of what it has not handed over yet drops it, and one that hears
 * `injection.edited` hands over the new words. While a machine streams the session's events (`/sessions/:sess/events`,
 * with a token that may ingest), the server waits: then only the machine says `failed`. The connection of a laptop that
 * sleeps looks open for a quarter of an hour, so a machine asks for its stream with the header `HOLDS` and answers each
 * `injection.queued` and `.edited` that it has written down with POST …/injections/:id/held.
 */
export const INJECTION_STATES = [
  "queued",
  "delivered",
  "seen",
  "answered",
  "expired",
  "failed",
  "recalled",
] as const;
export type InjectionState = (typeof INJECTION_STATES)[number];

export const HOLDS = "polaris-holds";

/** Ways into a coding agent, the best first; `inbox` is polaris_inbox, asked by the agent itself. */
export const ROUTES = ["socket", "channel", "hook", "inbox", "stream"] as const;
export type InjectionRoute = (typeof ROUTES)[number];

/** The door it came in by. */
export const VIAS = ["web", "api", "cli", "mcp", "slack"] as const;
export type Via = (typeof VIAS)[number];

/** An injection as the server shows it. Its id is that of its `injection.queued` event. */
export const Injection = z.object({
  id: z.string(),
  project: z.string(),
  /** The session's name. */
  session: z.string(),
  from: Participant,
  fromName: z.string(),
  via: z.enum(VIAS),
  text: z.string(),
  state: z.enum(INJECTION_STATES),
  route: z.enum(ROUTES).nullable(),
  /** Why it failed or expired, in words for its sender. */
  reason: z.string().nullable(),
  /** What the agent answered with polaris_reply. */
  answer: z.string().nullable(),
  createdAt: z.string(),
  deliveredAt: z.string().nullable(),
  seenAt: z.string().nullable(),
  changedAt: z.string(),
});
export type Injection = z.infer<typeof Injection>;

/**
 * What a machine reports, as an ordinary event on its way out (`injection.delivered`, `.seen`, `.answered`, `.failed`):
 * the server moves the injection in the transaction that stores the event. The event's id is `uuid5` of injection, kind
 * and route, so that a repeated report is one event.
 */
export const Report = z.object({
  injection: z.guid(),
  route: z.enum(ROUTES).optional(),
  /** What shows that it was seen: `hook`, `transcript` or `tool`. */
  evidence: z.enum(["hook", "transcript", "tool"]).optional(),
  reason: z.string().max(500).optional(),
  /**
   * How many edits the words had that were handed over: an edit that crosses a delivery came too late, whatever its
   * sender was told, and the server shows the words that the agent has.
   */
  edits: z.int().min(0).optional(),
});
export type Report = z.infer<typeof Report>;
