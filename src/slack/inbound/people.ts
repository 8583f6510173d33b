import type { WebClient } from "@slack/web-api";
import { z } from "zod";
import * as people from "../../core/slack-people.ts";
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

/** Everybody of a workspace, once when it is connected: 200 a page, 20 pages a minute at least (tier 2). */
export async function meetAll(
  { db }: Pick<Deps, "db">,
  client: WebClient,
  { org, team }: { org: string; team: string },
): Promise<number> {
  let count = 0;
  for (let cursor: string | undefined; ; ) {
    const answer = await client.users.list({ limit: 200, ...(cursor ? { cursor } : {}) });
    const page = PageOfMembers.parse(answer);
    const members = page.members.flatMap((it) => Member.safeParse(it).data ?? []);
    await db.as(org, (tx) =>
      people.learn(
        tx,
        org,
        team,
        members.map((it) => knownOf(it, team)),
      ),
    );
    count += members.length;
    cursor = page.response_metadata?.next_cursor || undefined;
    if (!cursor) return count;
  }
}

/** The same, unless it was done before. */
export async function meetOnce(
  { db }: Pick<Deps, "db">,
  client: WebClient,
  { org, team }: { org: string; team: string },
): Promise<void> {
  const known = await db.as(org, (tx) => people.count(tx, org, team));
  if (known === 0) await meetAll({ db }, client, { org, team });
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
