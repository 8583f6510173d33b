import { z } from "zod";
import { Participant } from "./participant.ts";
import { Name, Slug } from "./session.ts";

/**
 * What crosses the daemon's socket, and what a hook leaves in the spool directory while no daemon listens.
 * Routes: POST /hook (HookCall), GET /status, GET /statusline?session= (Line), GET /unknown (Unknown[]), POST /join (Join), POST /leave (Leave), POST /link (Link),
 * POST /unlink (Unlink). Answers are JSON; errors are `{ error: { code, message, hint } }`.
 */
export const HookCall = z.object({
  /** Minted when the hook process starts: the same call through socket and spool is one call. */
  id: z.guid(),
  /** When the hook process started (payloads carry no time of their own). */
  at: z.iso.datetime({ offset: true }),
  agent: z.string().max(64),
  /** The coding agent's process (CLAUDE_PID); survives /clear and /resume. */
  pid: z.int().optional(),
  /** What came on standard input, as text: the daemon parses it, so that bad input is kept and not lost. */
  payload: z.string(),
});
export type HookCall = z.infer<typeof HookCall>;

/** Binds one running agent session: `polaris join <project> [session]`. */
export const Join = z.object({
  /** The agent's own session id. */
  agentSession: z.string().min(1).max(200),
  agent: z.string().max(64).default("claude"),
  transcript: z.string().optional(),
  cwd: z.string().optional(),
  project: Slug,
  name: Name.optional(),
});
export const Leave = z.object({ agentSession: z.string().min(1).max(200) });

/** Records every new session below a directory. */
export const Link = z.object({ directory: z.string().min(1).max(4096), project: Slug });
export const Unlink = z.object({ directory: z.string().min(1).max(4096) });

export interface Binding {
  agentSession: string;
  session: string;
  project: string;
  name: string;
  cwd: string | null;
  transcript: string | null;
  /** Events written down here, and how many of them the server has acknowledged. */
  events: number;
  acked: number;
}

export interface Status {
  pid: number;
  version: string;
  home: string;
  startedAt: string;
  server: {
    url: string;
    state: "connected" | "waiting" | "signed_out";
    error: string | null;
    since: string;
    /** When the server last acknowledged something; null since this start. */
    ackedAt: string | null;
  };
  /** Every sign-in of this machine: recordings go to the one they were begun under, whichever is current. */
  profiles: {
    name: string;
    url: string;
    participant: string;
    isCurrent: boolean;
    state: "connected" | "waiting" | "signed_out";
    error: string | null;
  }[];
  /** Events of organisations this machine is not signed in to: they wait for a sign-in there. */
  elsewhere: number;
  /** `pending`: what hooks said and waits for its moment here, and events the server has not acknowledged; `mailbox` counts advice that has arrived here and waits for its delivery. */
  journal: {
    pending: number;
    refused: number;
    /** Why, most frequent first, at most five. */
    refusals: { reason: string; count: number }[];
    mailbox: number;
    bytes: number;
    error: string | null;
  };
  /** Events that could not be checked for secrets, so they wait: how many, and why the first of them. */
  unchecked: { events: number; reason: string | null };
  /** Hook calls that wait in the spool, and files there that were none. */
  spool: number;
  damaged: number;
  links: { directory: string; project: string }[];
  bindings: Binding[];
  /** A newer version than this one, verified, ready for `polaris update`. */
  update: string | null;
}

/** What the status line of one agent session shows. */
export interface Line {
  /** Null: this agent session is not recorded. */
  session: { project: string; name: string } | null;
  who: Participant | null;
  server: Status["server"]["state"];
  pending: number;
  update: string | null;
}

/** Lines and hooks of a coding agent that had no translation, among the latest events. */
export interface Unknown {
  type: string;
  count: number;
  at: string;
}

/** How people call a sign-in on this machine: `work`, `polaris.example.com`. */
export const ProfileName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, "a profile's name is lower-case letters, digits, . _ -");

/** Who this machine is to one organisation of one server. */
export const Profile = z.object({
  url: z.url(),
  participant: Participant,
  /** The organisation's id; unknown only where it was never asked for. */
  org: z.string().min(1).optional(),
  /** An API token, used as it is; or else: */
  token: z.string().min(1).optional(),
  device: z.string().optional(),
  refresh: z.string().min(1).optional(),
  /** The access token, and when it is renewed by this machine's clock; whether it is good, the server judges. */
  access: z.object({ token: z.string().min(1), renewAt: z.number() }).optional(),
  /** Why the server will not have this machine any more; only a new sign-in helps. */
  signedOut: z.string().optional(),
});
export type Profile = z.infer<typeof Profile>;

/** `$POLARIS_HOME/credentials.json` (0600): every sign-in of this machine, and the one that is used for what begins. */
export const Credentials = z.object({
  current: ProfileName.nullable(),
  profiles: z.record(ProfileName, Profile),
});
export type Credentials = z.infer<typeof Credentials>;
