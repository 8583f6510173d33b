import * as grants from "../../src/core/grants.ts";
import * as links from "../../src/core/links.ts";
import { uuid7 } from "../../src/lib/uuid.ts";
import { type Person, person } from "../helpers/people.ts";
import type { Polaris } from "../helpers/polaris.ts";

/** What a call is aimed at: new each time, in the organisation the projects are in, and nobody's of those who call. */
export type Target = (polaris: Polaris) => Promise<Record<string, string>>;

let made = 0;
const somebody = ({ db, caller }: Polaris): Promise<Person> =>
  person(db, caller.org, `target-${++made}`, "member");

export const member: Target = async (polaris) => {
  const { participant } = await somebody(polaris);
  return { participant };
};

export const device: Target = async (polaris) => {
  const { user } = await somebody(polaris);
  const [row] = await polaris.database.admin`select id from devices where user_id = ${user}`;
  return { id: String(row.id) };
};

export const token: Target = async (polaris) => {
  const { id } = await (await somebody(polaris)).token();
  return { id };
};

export const invite: Target = async ({ db, caller: { org, participant: createdBy } }) => {
  const wanted = { kind: "invite", org, role: "member", createdBy } as const;
  const { id } = await db.as(org, (tx) => links.write(tx, wanted));
  return { id };
};

export const org: Target = async ({ caller }) => ({ org: caller.org });

export const domain: Target = async ({ database, caller }) => {
  const domain = `${uuid7()}.example`;
  await database.admin`
    insert into org_domains (domain, org_id, role) values (${domain}, ${caller.org}, 'member')`;
  return { domain };
};

/** Advice that the agent has seen, under one id in every project. */
export const injection: Target = async ({ database, caller }) => {
  const id = uuid7();
  await database.admin`
    insert into injections
      (org_id, project_id, session_id, id, sender, sender_name, user_id, via, text, state)
    select org_id, project_id, id, ${id}, 'user:priya', 'Priya', ${caller.user}, 'api', 'advice', 'seen'
    from sessions where name = 's-0001' and org_id = ${caller.org}`;
  return { id };
};

/** A machine that waits to be let in. */
export const waiting: Target = async ({ db }) => {
  const { userCode } = await grants.openDevice(db, { name: "laptop" });
  return { user_code: userCode };
};

/** A link to a session all see, made by somebody else. */
export const share: Target = async (polaris) => {
  const { participant } = await somebody(polaris);
  const id = uuid7();
  await polaris.database.admin`
    insert into shares (id, org_id, project_id, session_id, hash, parts, created_by, expires_at)
    select ${id}, s.org_id, s.project_id, s.id, sha256(${id}::text::bytea), 'all', ${participant}, now() + interval '1 day'
    from sessions s join projects p on p.id = s.project_id
    where p.org_id = ${polaris.caller.org} and p.slug = 'open' limit 1`;
  return { id };
};

const newAgent = async ({ database, caller }: Polaris): Promise<string> => {
  const name = `agent-${++made}`;
  await database.admin`
    insert into agents (org_id, name, display, created_by)
    values (${caller.org}, ${name}, 'Dean', ${caller.participant})`;
  return name;
};

export const agent: Target = async (polaris) => ({ agent: await newAgent(polaris) });

/** The same for a form. */
export const agentNamed: Target = async (polaris) => ({ name: await newAgent(polaris) });
export const freeAgent: Target = async () => ({ name: `agent-${++made}` });

export const unknown: Target = async () => ({ id: uuid7() });

export const slackPerson: Target = async ({ database, caller }) => {
  const person = `U0${++made}`;
  await database.admin`
    insert into slack_people (org_id, team, slack_user, handle, name, kind)
    values (${caller.org}, 'T0ACME', ${person}, ${person.toLowerCase()}, 'Krishna', 'person')`;
  return { person };
};

/** Somebody who is told, switched off so that nothing is sent, and one message. */
export const webhook: Target = async ({ database, caller }) => {
  const [id, message] = [uuid7(), uuid7()];
  await database.admin`
    insert into webhooks (id, org_id, url, secret, kinds, created_by, disabled_at)
    values (${id}, ${caller.org}, 'http://127.0.0.1:9/', '', '{error}', 'user:manu', now())`;
  await database.admin`
    insert into webhook_messages (id, org_id, webhook_id, kind, body)
    values (${message}, ${caller.org}, ${id}, 'error', '{}')`;
  return { id, message };
};
