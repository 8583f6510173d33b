import { WebAPIRateLimitedError, type WebClient } from "@slack/web-api";
import { z } from "zod";
import * as people from "../../core/slack-people.ts";
import { pause } from "../../lib/backoff.ts";
import type { Deps } from "../listeners.ts";

/** A member as `users.list`, `users.info`, `team_join` and `user_change` show them. */
export const Member = z.object({
  id: z.string(),
  team_id: z.string().optional(),
  name: z.string().default(""),
  real_name: z.string().optional(),
  deleted: z.boolean().optional(),
  is_bot: z.boolean().optional(),
  is_restricted: z.boolean().optional(),
  is_ultra_restricted: z.boolean().optional(),
  is_stranger: z.boolean().optional(),
  is_email_confirmed: z.boolean().optional(),
  profile: z
    .object({
      email: z.string().optional(),
      display_name: z.string().optional(),
      real_name: z.string().optional(),
      image_192: z.string().optional(),
    })
    .default({}),
});
export type Member = z.infer<typeof Member>;

/** What we keep of them. Guests and people of other companies have no address here: it must link them to nobody. */
export function knownOf(member: Member, team: string): people.Known {
  const { profile } = member;
  const isForeign =
    member.is_stranger === true || (member.team_id !== undefined && member.team_id !== team);
  const isGuest = member.is_restricted === true || member.is_ultra_restricted === true;
  const isBot = member.is_bot === true || member.id === "USLACKBOT";
  const kind = isBot ? "bot" : isForeign ? "stranger" : isGuest ? "guest" : "person";
  const isMine = kind === "person" && member.is_email_confirmed !== false;
  return {
    slackUser: member.id,
    login: member.name,
    name: profile.display_name || profile.real_name || member.real_name || member.name || member.id,
    email: isMine ? profile.email : undefined,
    image: profile.image_192?.startsWith("https://") ? profile.image_192 : undefined,
    kind,
    isDeleted: member.deleted === true,
  };
}

const PageOfMembers = z.object({
  members: z.array(z.unknown()).default([]),
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
});

/** Slack allows twenty pages a minute (tier 2) and more at once. */
const PAGES_AT_ONCE = 8;
const PAGE_MS = 3100;

/** Everybody of a workspace, 200 a page. */
export async function meetAll(
  { db }: Pick<Deps, "db">,
  client: WebClient,
  { org, team }: { org: string; team: string },
  signal: AbortSignal,
): Promise<void> {
  let cursor = "";
  for (let pages = 1; !signal.aborted; pages++) {
    const page = await pageAt(client, cursor, signal);
    const members = page.members.flatMap((it) => Member.safeParse(it).data ?? []);
    const known = members.map((it) => knownOf(it, team));
    await db.as(org, (tx) => people.learn(tx, org, team, known));
    cursor = page.response_metadata?.next_cursor ?? "";
    if (!cursor) return db.as(org, (tx) => people.noteMet(tx, org, team));
    if (pages >= PAGES_AT_ONCE) await pause(PAGE_MS, signal);
  }
}

async function pageAt(client: WebClient, cursor: string, signal: AbortSignal) {
  for (;;) {
    try {
      return PageOfMembers.parse(
        await client.users.list({ limit: 200, ...(cursor ? { cursor } : {}) }),
      );
    } catch (error) {
      if (!(error instanceof WebAPIRateLimitedError) || signal.aborted) throw error;
      await pause(error.retryAfter * 1000, signal);
    }
  }
}

/** The same, unless it was done within a day; in between Slack tells us who comes and who changes. */
export async function meetDaily(
  { db }: Pick<Deps, "db">,
  client: WebClient,
  place: { org: string; team: string },
  signal: AbortSignal,
): Promise<void> {
  const isDue = await db.as(place.org, (tx) => people.isMeetingDue(tx, place.org, place.team));
  if (isDue) await meetAll({ db }, client, place, signal);
}

/** Somebody whom Slack has not shown us yet. */
export async function meet(
  { db }: Pick<Deps, "db">,
  client: WebClient,
  { org, team, user }: { org: string; team: string; user: string },
): Promise<void> {
  const { user: member } = z.object({ user: Member }).parse(await client.users.info({ user }));
  await db.as(org, (tx) => people.learn(tx, org, team, [knownOf(member, team)]));
}
