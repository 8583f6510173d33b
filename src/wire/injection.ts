import { z } from "zod";
import type { Participant } from "./participant.ts";

/**
 * Where a piece of advice stands. It moves to the right, and every step is an event of its session:
 * `queued` → `delivered` (handed to a route into the agent) → `seen` (there is evidence that the text entered the
 * conversation) → `answered`; or `expired` (no evidence within its time), `failed` (with a reason), `recalled` (by its
 * sender, before delivery). Evidence is stronger than a wish: a `seen` that arrives after `recalled` or `expired` stands.
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

/** Ways into a coding agent, the best first; `inbox` is polaris_inbox, asked by the agent itself. */
export const ROUTES = ["socket", "channel", "hook", "inbox", "stream"] as const;
export type InjectionRoute = (typeof ROUTES)[number];

/** The door it came in by. */
export const VIAS = ["web", "api", "cli", "mcp", "slack"] as const;
export type Via = (typeof VIAS)[number];

/** An injection as the server shows it. Its id is that of its `injection.queued` event. */
export interface Injection {
  id: string;
  project: string;
  /** The session's name. */
  session: string;
  from: Participant;
  fromName: string;
  via: Via;
  text: string;
  state: InjectionState;
  route: InjectionRoute | null;
  /** Why it failed or expired, in words for its sender. */
  reason: string | null;
  /** What the agent answered with polaris_reply. */
  answer: string | null;
  createdAt: string;
  deliveredAt: string | null;
  seenAt: string | null;
  changedAt: string;
}

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
});
export type Report = z.infer<typeof Report>;
