import { z } from "zod";

/**
 * Where a session is seen in Slack: in one thread under its card; in one log of everything in the project's channel; or in
 * a channel of its own.
 */
export const LAYOUTS = ["thread", "feed", "session-channel"] as const;
export type Layout = (typeof LAYOUTS)[number];

/** `all`: every prompt, answer and the tools between; `normal`: prompts and last answers; `quiet`: what needs somebody. */
export const VERBOSITIES = ["all", "normal", "quiet", "off"] as const;
export type Verbosity = (typeof VERBOSITIES)[number];

/** What becomes of a long message (`POLARIS_LONG_MSG`). */
export const LONG = ["snippet", "thread", "inline"] as const;
export type Long = (typeof LONG)[number];

/** Whose words in Slack become advice: people linked to a member; also others who belong to the workspace; or nobody. */
export const ADVISORS = ["linked", "channel", "off"] as const;
export type Advisors = (typeof ADVISORS)[number];

/** Who else advises, by an admin's word: nobody; guests of the workspace; also people of other companies and other apps. */
export const OUTSIDERS = ["none", "guests", "all"] as const;
export type Outsiders = (typeof OUTSIDERS)[number];

/** What an organisation or a project wishes; what it does not say is left to the organisation, and then to the defaults. */
export const SlackWishes = z.object({
  layout: z.enum(LAYOUTS).optional(),
  verbosity: z.enum(VERBOSITIES).optional(),
  long: z.enum(LONG).optional(),
  advice: z.enum(ADVISORS).optional(),
  outsiders: z.enum(OUTSIDERS).optional(),
  /** Whether posts carry the name and picture of who speaks; else the app posts and names them. */
  personas: z.boolean().optional(),
});
export type SlackWishes = z.infer<typeof SlackWishes>;

/** A change: null takes a wish back. */
export const SlackWishChange = z.object({
  layout: z.enum(LAYOUTS).nullable().optional(),
  verbosity: z.enum(VERBOSITIES).nullable().optional(),
  long: z.enum(LONG).nullable().optional(),
  advice: z.enum(ADVISORS).nullable().optional(),
  outsiders: z.enum(OUTSIDERS).nullable().optional(),
  personas: z.boolean().nullable().optional(),
});
export type SlackWishChange = z.infer<typeof SlackWishChange>;

/** Somebody a workspace shows us, and who they are here. */
export interface SlackPerson {
  team: string;
  slackUser: string;
  name: string;
  /** Who they are when nobody here is linked to them: `slack:<handle>`. */
  handle: string;
  image: string | null;
  kind: "person" | "guest" | "stranger" | "bot";
  /** The member they are linked to; null: nobody. */
  participant: string | null;
  /** What the link rests on: a confirmed address, or an admin's word. */
  linkedBy: "email" | "admin" | null;
}

/** An admin's word on who somebody is; null: nobody here, whatever their address says. */
export const SlackLink = z.object({
  participant: z
    .string()
    .regex(/^user:[a-z0-9][a-z0-9._-]*$/, "a member is user: and a name")
    .nullable(),
});
