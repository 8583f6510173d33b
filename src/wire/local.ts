import { z } from "zod";
import { Participant } from "./participant.ts";
import { Name, Slug } from "./session.ts";
import { ToolList } from "./tools.ts";

/**
 * What crosses the daemon's socket, and what a hook leaves: in the spool directory while no daemon listens, on
 * its session's slate while it need not be answered.
 * Routes: POST /hook (HookCall, answered by HookAnswer), POST /station (Station), POST /handed (Handed), POST /given (Given), GET /status, GET /statusline?session= (Line), GET /unknown (Unknown[]), POST /join (Join),
 * POST /leave (Leave), POST /link (Link), POST /unlink (Unlink), POST /pause and POST /resume (Pause, answered by Paused);
 * long work stands in job.ts. Answers are JSON; errors are `{ error: { code, message, hint } }`.
 */
export const HookCall = z.object({
  /** Minted when the hook process starts: the same call through socket and spool, or asked again, is one call. */
  id: z.guid(),
  /** When the hook process started (payloads carry no time of their own). */
  at: z.iso.datetime({ offset: true }),
  agent: z.string().max(64),
  /** The coding agent's process (CLAUDE_PID); survives /clear and /resume. */
  pid: z.int().optional(),
  /** Whether its session has an inbox (a socket that messages can be written to); unknown to older callers. */
  inbox: z.boolean().optional(),
  /** What came on standard input, as text: the daemon parses it, so that bad input is kept and not lost. */
  payload: z.string(),
});
export type HookCall = z.infer<typeof HookCall>;

/** What the recorder answers to a hook call. */
export interface HookAnswer {
  recorded: boolean;
  /** What the hook prints for its agent to read. */
  output?: string;
  /** What it says to wake the agent, on its standard error; it then ends with 2. */
  wake?: string;
  /** One of the two holds advice: it is said to have been given (POST /given). */
  receipt?: true;
  /** What it writes into the session's inbox: it is the agent's child, where no `polaris mcp` is one. */
  handovers?: Handover[];
}

/**
 * `polaris mcp`, a child of the agent, opens a line to the recorder (POST /station) and keeps it open: the answer is a
 * stream of lines of JSON: first `About`, then each a `Handover`. It says again who it is after the recorder was away.
 */
export const Station = z.object({
  /** Its own: a message that this process has written is known by it. */
  id: z.guid(),
  /** The agent's process, its parent: the agent session may change while it runs. */
  pid: z.int(),
  /** The agent session it was started in. */
  agentSession: z.string().max(200).optional(),
  /** The ways by which it can hand over. */
  ways: z.array(z.enum(["socket", "channel"])),
  /** What it has handed over so far (as many as are of use). */
  written: z.array(z.guid()).max(10_000),
});
export type Station = z.infer<typeof Station>;

/** The first line to a station. */
export const About = z.object({ version: z.string(), tools: ToolList });
export type About = z.infer<typeof About>;

export const Handover = z.object({
  injection: z.guid(),
  way: z.enum(["socket", "channel"]),
  /** The agent session it is for: no other one may get it. */
  agentSession: z.string(),
  content: z.string(),
  /** Of a channel's message. */
  meta: z.record(z.string(), z.string()).default({}),
});
export type Handover = z.infer<typeof Handover>;

/** How it went (POST /handed): handed over, or why not; then nothing was written. */
export const Handed = z.object({
  station: z.guid(),
  injection: z.guid(),
  refused: z.string().max(500).optional(),
});

/**
 * Whether an answer that asked for a receipt was given to the agent (POST /given): a hook has said it, `polaris mcp` has
 * written it on its standard output. Not given: it never will be, and what it held may go another way.
 */
export const Given = z.object({
  /** The id of the hook's or the tool's call. */
  call: z.guid(),
  given: z.boolean(),
});

/** Binds one running agent session: `polaris join <project> [session]`. */
export const Join = z.object({
  /** The agent's own session id; without, the next session that begins in `cwd`. */
  agentSession: z.string().min(1).max(200).optional(),
  agent: z.string().max(64).default("claude"),
  transcript: z.string().optional(),
  cwd: z.string().optional(),
  project: Slug,
  name: Name.optional(),
  /** The folder in which this person's agent keeps its transcripts. */
  transcripts: z.string().max(4096).optional(),
  /** The agent session that is to go on with it, when its conversation is told again from the record. */
  next: z.guid().optional(),
});
/** What a join answers: with the brief of what was done there before, where somebody else began it. */
export interface Joined extends Partial<Binding> {
  /** The binding itself; no more than these two of it before an agent session begins there. */
  project: string;
  name: string;
  brief: string | null;
  offer: Offer | null;
}

/** How the agent's own conversation goes on on this machine: more than a brief can say. */
export interface Offer {
  /** `transcript`: it lies here; `record`: it can be told again from what was recorded; `none`: neither, see `why`. */
  from: "transcript" | "record" | "none";
  /** For a shell. */
  command: string | null;
  why: string | null;
  /** All of it in words, for a person. */
  text: string;
}
export const Leave = z.object({ agentSession: z.string().min(1).max(200) });

/** Takes one session off the record, or back; without a session the whole machine. */
export const Pause = z.object({ agentSession: z.string().min(1).max(200).optional() });
/** The sessions that it changed. */
export interface Paused {
  sessions: Binding[];
}

/** Records every new session below a directory, and in every clone of its repository unless `here`. */
export const Link = z.object({
  directory: z.string().min(1).max(4096),
  project: Slug,
  here: z.boolean().default(false),
});
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
  /** Off the record. */
  paused: boolean;
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
  /** Hook calls that wait in the spool or on slates, and files in the spool that were none. */
  spool: number;
  damaged: number;
  /** Since when the whole machine is off the record; null when it is not. */
  silentSince: string | null;
  links: { directory: string; project: string; remote?: string }[];
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
