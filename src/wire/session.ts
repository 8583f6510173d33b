import { z } from "zod";
import type { Face } from "./agent.ts";
import type { Completeness } from "./check.ts";
import { VIAS } from "./injection.ts";
import { Participant } from "./participant.ts";

/** A project in an address: lower case letters, digits, dot, dash, underscore. */
export const Slug = z
  .string()
  .min(1)
  .max(64)
  .regex(
    /^[a-z0-9][a-z0-9._-]*$/,
    "use lower case letters, digits, dots, dashes; begin with a letter or digit",
  );

/** A session's name in its project; `s-` and four hex digits unless given. */
export const Name = Slug;

/** In one glance, the same everywhere. */
export const STATES = ["needs_human", "working", "idle", "finished", "failed", "paused"] as const;
export type State = (typeof STATES)[number];

/**
 * Who may advise in a project: `members`, everyone who may inject and sees it; `linked`, only people on the project's
 * own list of members, beside the session's driver; `off`, nobody.
 */
export const ADVICE = ["members", "linked", "off"] as const;
export type AdviceSetting = (typeof ADVICE)[number];

export interface Project {
  id: string;
  slug: string;
  name: string;
  visibility: "org" | "private";
  tags: string[];
  /** Days that its events are kept; null for ever. */
  retentionDays: number | null;
  /** When it was put aside; it takes no events until it is taken back. */
  archivedAt: string | null;
  advice: AdviceSetting;
  /** Whether pull requests are told of its sessions. */
  pullRequests: boolean;
  lastSeq: number;
  sessions: number;
  createdAt: string;
  lastEventAt: string | null;
}

export interface Session {
  id: string;
  project: string;
  name: string;
  label: string | null;
  title: string | null;
  driver: string | null;
  agent: string;
  /** What the registry knows of the agent, and of a driver who is one. */
  agentFace?: Face;
  driverFace?: Face;
  state: State;
  /** Since when it stands so. */
  stateAt?: string | null;
  /** What it asks of a human, in one line, while it needs one. */
  asks?: string | null;
  machine: string | null;
  cwd: string | null;
  branch: string | null;
  model: string | null;
  prompts: number;
  toolCalls: number;
  lastPrompt: string | null;
  createdAt: string;
  lastEventAt: string | null;
  endedAt: string | null;
  /** The driver wants no advice for now. */
  muted: boolean;
  /** Highest event of this session, 0 when it has none. */
  lastSeq: number;
  /** Said of one session, not in lists. */
  completeness?: Completeness;
}

export const NewProject = z.object({
  slug: Slug,
  name: z.string().min(1).max(200).optional(),
  visibility: z.enum(["org", "private"]).optional(),
});

/** Lower case, so that `API` and `api` are one. */
const Tag = z
  .string()
  .trim()
  .toLowerCase()
  .min(1)
  .max(32)
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._+-]*$/u, "a tag is letters, digits, spaces and . _ + -");

export const ProjectChange = NewProject.omit({ slug: true }).extend({
  advice: z.enum(ADVICE).optional(),
  /** Whether `polaris pr` may tell pull requests of its sessions. */
  pullRequests: z.boolean().optional(),
  tags: z
    .array(Tag)
    .max(20)
    .transform((tags) => [...new Set(tags)].sort())
    .optional(),
  retentionDays: z.int().min(1).max(36_500).nullable().optional(),
  archived: z.boolean().optional(),
});
export type ProjectChange = z.infer<typeof ProjectChange>;

/** Who sees a private project, beside owners and admins (whose reads are written down). */
export interface ProjectMember {
  participant: string;
  name: string;
  addedBy: string;
  addedAt: string;
}

export const NewSession = z.object({
  name: Name.optional(),
  label: z.string().max(200).optional(),
  agent: Participant.default("agent:claude"),
  /** Who drives; the caller unless said otherwise; null leaves the seat open. */
  driver: Participant.nullable().optional(),
});

/** What people call a session; an empty label is none. */
export const SessionChange = z.object({
  label: z
    .string()
    .max(200)
    .nullable()
    .transform((label) => label?.replace(/[\p{Cc}\p{Cf}]+/gu, " ").trim() || null),
});

/**
 * The agent is shown the first 4,000 characters and that there are more; the session's page has all of them. What is
 * piped in may hold what PostgreSQL refuses: NUL becomes its visible symbol, half a surrogate pair U+FFFD.
 */
const Words = z
  .string()
  .trim()
  .min(1)
  .max(131_072)
  .overwrite((text) => text.toWellFormed().replaceAll("\0", "\u2400"));

export const Inject = z.object({
  text: Words,
  /** The injection's id, minted by whoever sends it: the same again is the same injection. */
  id: z.guid().optional(),
  /** The door, where it cannot be told from the token. */
  via: z.enum(VIAS).exclude(["slack"]).optional(),
});

export const InjectionChange = z.object({ text: Words });

/** Claims the seat, for oneself unless said otherwise. `force`: an admin takes it from whoever has it. */
export const Driver = z.object({
  driver: Participant.optional(),
  force: z.boolean().default(false),
});

/** Gives the seat up, or to somebody. `force`: an admin does it in the driver's place. */
export const Handoff = z.object({ to: Participant.optional(), force: z.boolean().default(false) });

export const Mute = z.object({ muted: z.boolean() });

/** POST /projects/:proj/sessions answers the session and what one is in it now. */
export interface Joined extends Session {
  role: "driver" | "advisor";
  /** The same in words, with what one can do. */
  message: string;
}

/** Every list: items and the cursor of the next page, null at the end. */
export interface Page<T> {
  items: T[];
  next: string | null;
}
