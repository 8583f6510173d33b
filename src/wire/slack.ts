import { z } from "zod";
import type { SlackWishes } from "./slack-wishes.ts";

/** Something that only a person can mend: Slack's word for it, what it means, what to do. */
export interface SlackProblem {
  word: string;
  detail: string | null;
  says: string;
  remedy: string;
}

/** `GET /orgs/slack`. */
export interface SlackStatus {
  /** The Slack app this organisation connects through: its own or the server's. */
  app: { clientId: string; isOwn: boolean; hasAppToken: boolean } | null;
  /** Opens Slack's page for a new app with everything filled in. */
  createLink: string;
  redirectUri: string;
  workspace: {
    team: string;
    name: string;
    state: "live" | "paused";
    problem: SlackProblem | null;
    /** Why nothing that people write arrives. */
    deaf: SlackProblem | null;
    missing: string[];
    connectedBy: string;
    connectedAt: string;
    /** A bridge is at work for it. */
    isServed: boolean;
  } | null;
  outbox: {
    waiting: number;
    oldestAt: string | null;
    /** Given up within the last week. */
    dropped: number;
    /** Whose outcome was unknown and was looked up. */
    lookedUp: number;
  };
  channels: {
    project: string;
    channel: string | null;
    name: string;
    state: "wanted" | "live" | "paused" | "archived" | "gone";
    isLinked: boolean;
    /** People of another company are in it, by Slack Connect. */
    isShared: boolean;
    problem: SlackProblem | null;
  }[];
}

/** Where one project is seen in Slack. `channel`: Slack's id; none until its first message. */
export interface SlackPlace extends Omit<SlackStatus["channels"][number], "project"> {
  workspace: string;
  /** What the project wishes over the organisation. */
  wishes: SlackWishes;
}

/** One line of the self-test. */
export interface SlackCheck {
  name: string;
  ok: boolean;
  /** What it means, in words. */
  says: string;
}

const trimmed = z.string().trim();

/** An app of one's own: from its page Basic Information. */
export const NewSlackApp = z.object({
  clientId: trimmed.regex(/^\d+\.\d+$/, "a client id is two numbers with a dot"),
  clientSecret: trimmed.min(1).max(200),
  appToken: trimmed.regex(/^(xapp-[\w-]+)?$/, "an app-level token begins with xapp-").optional(),
});

export const NewAppToken = z.object({
  appToken: trimmed.regex(/^xapp-[\w-]+$/, "an app-level token begins with xapp-"),
});

export const NewManifest = z.object({
  token: trimmed.regex(/^xoxe[.\w-]+$/, "a configuration token begins with xoxe"),
});

/** A channel by its id, or by the link that Slack copies. */
export const SlackChannel = z.object({
  channel: trimmed
    .transform((text) => /\/archives\/([CG][A-Z0-9]+)/.exec(text)?.[1] ?? text)
    .pipe(z.string().regex(/^[CG][A-Z0-9]{5,}$/, "a channel's id looks like C0123ABCD")),
});
