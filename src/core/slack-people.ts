/**
 * Who the people of a workspace are here. A confirmed address that a member has makes the link, each time anew, so that
 * whoever joins or changes their address is linked without anybody doing anything; an admin's word stands over it. Who
 * is nobody here is `slack:<handle>`, a name that is theirs for good.
 */
import type { Db, Tx } from "../db/db.ts";
import { PolarisError } from "../wire/error.ts";
import { slugOf } from "../wire/participant.ts";
import type { Page } from "../wire/session.ts";
import type { SlackPerson } from "../wire/slack-wishes.ts";
import { by, note } from "./audit.ts";
import { type Caller, type Role, scopesOf } from "./caller.ts";
import { cursorOf, readCursor } from "./cursor.ts";

/** What Slack says of somebody. */
export interface Known {
  slackUser: string;
  login: string;
  name: string;
  /** Only one that Slack calls confirmed. */
  email: string | undefined;
  image: string | undefined;
  kind: SlackPerson["kind"];
  isDeleted: boolean;
}

/** Takes down who somebody is in Slack, new or changed. */
export async function learn(tx: Tx, org: string, team: string, people: Known[]): Promise<void> {
  for (const person of people) {
    const { slackUser, login, name, email, image, kind, isDeleted } = person;
    const base = slugOf(login, slackUser.toLowerCase());
    for (let attempt = 1; attempt < 1000; attempt++) {
      const handle = attempt === 1 ? base : `${base}-${attempt}`;
      const [row] = await tx`
        insert into slack_people (org_id, team, slack_user, handle, name, email, image, kind, deleted_at)
        select ${org}, ${team}, ${slackUser}, ${handle}, ${name}, ${email?.toLowerCase() ?? null}, ${image ?? null},
          ${kind}, case when ${isDeleted} then now() end
        where exists (select from slack_people
            where org_id = ${org} and team = ${team} and slack_user = ${slackUser})
          or not exists (select from slack_people where org_id = ${org} and handle = ${handle})
        on conflict (org_id, team, slack_user) do update set name = excluded.name, email = excluded.email,
          image = excluded.image, kind = excluded.kind, deleted_at = excluded.deleted_at, updated_at = now()
        returning 1`;
      if (row) break;
    }
  }
}

/** Whether it is time to ask Slack for everybody: never done, or more than a day ago. */
export async function isMeetingDue(tx: Tx, org: string, team: string): Promise<boolean> {
  const [row] = await tx<{ due: boolean }[]>`
    select coalesce((settings->>'metAt')::timestamptz < now() - interval '1 day', true) as due
    from slack_installations where org_id = ${org} and team_id = ${team} and removed_at is null`;
  return row?.due ?? false;
}

export async function noteMet(tx: Tx, org: string, team: string): Promise<void> {
  await tx`
    update slack_installations set settings = settings || jsonb_build_object('metAt', now())
    where org_id = ${org} and team_id = ${team} and removed_at is null`;
}

interface Row {
  team: string;
  slack_user: string;
  name: string;
  handle: string;
  image: string | null;
  kind: SlackPerson["kind"];
  participant: string | null;
  linked_by: "email" | "admin" | null;
  user_id: string | null;
  role: Role | null;
  deleted: boolean;
}

const personOf = (row: Row): SlackPerson => ({
  team: row.team,
  slackUser: row.slack_user,
  name: row.name,
  handle: row.handle,
  image: row.image,
  kind: row.kind,
  participant: row.participant,
  linkedBy: row.linked_by,
});

/** People with the member each stands for, if any: an admin's word, else the same confirmed address. */
const linked = (tx: Tx) => tx`
  select s.org_id, s.team, s.slack_user, s.name, s.handle, s.image, s.kind, s.deleted_at is not null as deleted,
    p.participant, m.user_id, m.role,
    case when p.participant is null and s.linked_by is null then null else coalesce(s.linked_by, 'email') end
      as linked_by
  from slack_people s
  left join users u on s.linked_by is null and s.kind = 'person' and u.email = s.email and u.disabled_at is null
  left join participants p on p.org_id = s.org_id
    and case when s.linked_by is null then p.user_id = u.id else p.participant = s.participant end
    and exists (select from memberships x
      where x.org_id = p.org_id and x.user_id = p.user_id and x.removed_at is null)
  left join memberships m on m.org_id = p.org_id and m.user_id = p.user_id and m.removed_at is null`;

/** Who this is; none when Slack has not told us yet. */
export async function find(
  tx: Tx,
  org: string,
  team: string,
  slackUser: string,
): Promise<SlackPerson | undefined> {
  const [row] = await one(tx, org, team, slackUser);
  return row && personOf(row);
}

const one = (tx: Tx, org: string, team: string, slackUser: string) => tx<Row[]>`
  select * from (${linked(tx)}) l where l.org_id = ${org} and l.team = ${team} and l.slack_user = ${slackUser}`;

/** The person in this workspace who stands for a participant: `user:manu`, or `slack:krishna` by handle. */
export async function faceOf(
  tx: Tx,
  org: string,
  team: string,
  participant: string,
): Promise<SlackPerson | undefined> {
  const handle = participant.startsWith("slack:") ? participant.slice(6) : null;
  const [row] = await tx<Row[]>`
    select * from (${linked(tx)}) l
    where l.org_id = ${org} and l.team = ${team} and not l.deleted
      and ${handle === null ? tx`l.participant = ${participant}` : tx`l.handle = ${handle}`}
    order by l.linked_by limit 1`;
  return row && personOf(row);
}

/** No token: what somebody does in Slack ends with their request. */
const NONE = "00000000-0000-0000-0000-000000000000";

/** With whose rights somebody looks around in Slack. */
export interface Reach {
  caller: Caller;
  /** Of who is linked to nobody: the one project they may hear of, that of the channel they are in; null: none. */
  only?: string | null;
}

/**
 * On whose behalf somebody in Slack acts: the member they are linked to, with that member's rights (an admin sees from
 * here only the private projects they belong to, as with a token); else, where the project lets everybody in the channel
 * advise, as `slack:<handle>`, who may do nothing but that and sees no other project.
 */
export async function callerOf(
  tx: Tx,
  org: string,
  team: string,
  slackUser: string,
  channel?: string,
): Promise<(Reach & { person: SlackPerson; isLinked: boolean }) | undefined> {
  const [row] = await one(tx, org, team, slackUser);
  if (!row || row.deleted) return undefined;
  const person = personOf(row);
  const same = { org, kind: "api", token: NONE } as const;
  if (row.participant && row.user_id && row.role) {
    const { participant, user_id: user, role } = row;
    return {
      person,
      isLinked: true,
      caller: { ...same, user, participant, role, scopes: scopesOf(role) },
    };
  }
  // Whoever connected the workspace answers for those in it who have no account here.
  const [host] = await tx<{ user_id: string }[]>`
    select p.user_id from slack_installations i
    join participants p on p.org_id = i.org_id and p.participant = i.installed_by
    where i.org_id = ${org} and i.team_id = ${team} and i.removed_at is null`;
  if (!host) return undefined;
  const caller: Caller = {
    ...same,
    user: host.user_id,
    participant: `slack:${row.handle}`,
    role: "viewer",
    scopes: ["read", "inject"],
  };
  const [place] = await tx<{ project: string }[]>`
    select project_id as project from slack_channels
    where team_id = ${team} and channel = ${channel ?? ""} and removed_at is null`;
  return { person, isLinked: false, caller, only: place?.project ?? null };
}

export async function list(
  db: Db,
  caller: Caller,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<Page<SlackPerson>> {
  const [after = ""] = cursor ? readCursor(cursor, 1) : [];
  const rows = await db.as(
    caller.org,
    (tx) => tx<Row[]>`
      select * from (${linked(tx)}) l
      where l.org_id = ${caller.org} and not l.deleted and l.kind <> 'bot' and l.handle > ${after}
      order by l.handle limit ${limit + 1}`,
  );
  const items = rows.slice(0, limit).map(personOf);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last ? cursorOf(last.handle) : null };
}

/** An admin says who somebody is; undefined takes the word back, and the address decides again. */
export async function link(
  db: Db,
  caller: Caller,
  wanted: { slackUser: string; participant: string | null | undefined },
): Promise<SlackPerson> {
  const { slackUser, participant } = wanted;
  const { org } = caller;
  return db.as(org, async (tx) => {
    if (participant) {
      const [member] = await tx`
        select 1 from participants p join memberships m on m.org_id = p.org_id and m.user_id = p.user_id
        where p.org_id = ${org} and p.participant = ${participant} and m.removed_at is null`;
      if (!member) {
        throw new PolarisError("not_found", "There is no such member here.", {
          hint: "GET /orgs/members lists them.",
        });
      }
    }
    const [row] = await tx<{ team: string; handle: string }[]>`
      update slack_people set participant = ${participant ?? null},
        linked_by = ${participant === undefined ? null : "admin"}, updated_at = now()
      where org_id = ${org} and slack_user = ${slackUser} and deleted_at is null returning team, handle`;
    const found = row && (await find(tx, org, row.team, slackUser));
    if (!found) {
      throw new PolarisError("not_found", "Slack has shown us nobody with this id.", {
        hint: "GET /orgs/slack/people lists them.",
      });
    }
    const detail = { participant: participant === undefined ? "by address" : participant };
    const target = `slack:${found.handle}`;
    await note(tx, { ...by(caller), action: "slack.linked", target, detail });
    return found;
  });
}
