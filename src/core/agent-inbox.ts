import type { Db, Tx } from "../db/db.ts";
import { uuid7 } from "../lib/uuid.ts";
import type { AgentMessage } from "../wire/agent.ts";
import { PolarisError } from "../wire/error.ts";
import { visible } from "./access.ts";
import { absent, baseOf } from "./agents.ts";
import { by, note } from "./audit.ts";
import type { Caller } from "./caller.ts";

export interface Said {
  id?: string | undefined;
  agent: string;
  project: string;
  session?: string | undefined;
  sender: string;
  senderName: string;
  via: string;
  text: string;
}

/** Puts what was said into the agent's inbox; the caller's transaction makes it true together with its receipt. */
export async function put(tx: Tx, org: string, said: Said): Promise<{ id: string; seq: number }> {
  const [row] = await tx<{ last_seq: string }[]>`
    update agents set last_seq = last_seq + 1
    where org_id = ${org} and name = ${said.agent} and archived_at is null returning last_seq`;
  if (!row) throw absent(said.agent);
  const [id, seq] = [said.id ?? uuid7(), Number(row.last_seq)];
  await tx`
    insert into agent_inbox (org_id, agent, seq, id, project_id, session_id, sender, sender_name, via, text)
    values (${org}, ${said.agent}, ${seq}, ${id}, ${said.project}, ${said.session ?? null}, ${said.sender},
      ${said.senderName}, ${said.via}, ${said.text})`;
  return { id, seq };
}

/** In whose inbox this caller may read: its own. */
export function agentOf(caller: Caller): string {
  if (caller.participant.startsWith("agent:")) return baseOf(caller.participant);
  throw new PolarisError("forbidden", "Only an agent has an inbox.", {
    hint: "Make a token that speaks as the agent, under Tokens in the dashboard.",
  });
}

interface Row {
  id: string;
  seq: string;
  agent: string;
  project: string;
  session: string | null;
  sender: string;
  sender_name: string;
  via: string;
  text: string;
  at: Date;
  answer: string | null;
}

/** What was said to the agent after this seq, in projects that the token's person may see. */
export async function read(
  db: Db,
  caller: Caller,
  { after, limit }: { after: number; limit: number },
): Promise<AgentMessage[]> {
  const rows = await db.as(
    caller.org,
    (tx) => tx<Row[]>`
      select i.id, i.seq, i.agent, p.slug as project, s.name as session, i.sender, i.sender_name, i.via, i.text, i.at,
        i.answer
      from agent_inbox i join projects p on p.id = i.project_id left join sessions s on s.id = i.session_id
      where i.org_id = ${caller.org} and i.agent = ${agentOf(caller)} and i.seq > ${after} and ${visible(tx, caller)}
      order by i.seq limit ${limit}`,
  );
  return rows.map(messageOf);
}

/** Where the agent's inbox ends now. */
export async function end(db: Db, caller: Caller): Promise<number> {
  const [row] = await db.as(
    caller.org,
    (tx) => tx<{ last_seq: string }[]>`
      select last_seq from agents where org_id = ${caller.org} and name = ${agentOf(caller)}`,
  );
  return Number(row?.last_seq ?? 0);
}

/** The agent answers, once; the bridge takes it to where the question was asked. */
export async function answer(
  db: Db,
  caller: Caller,
  { id, text }: { id: string; text: string },
): Promise<AgentMessage & { projectId: string }> {
  return db.as(caller.org, async (tx) => {
    const [row] = await tx<(Row & { project_id: string })[]>`
      update agent_inbox i set answer = ${text}, answered_at = now()
      from projects p
      where i.org_id = ${caller.org} and i.agent = ${agentOf(caller)} and i.id::text = ${id} and i.answer is null
        and p.id = i.project_id and ${visible(tx, caller)}
      returning i.id, i.seq, i.agent, p.slug as project, null as session, i.sender, i.sender_name, i.via, i.text, i.at,
        i.answer, i.project_id`;
    if (!row) {
      throw new PolarisError("not_found", "There is no such message, or it was answered.", {
        hint: "GET /agents/inbox lists them.",
      });
    }
    const message = messageOf(row);
    await note(tx, { ...by(caller), action: "agent.answered", target: id });
    return { ...message, projectId: row.project_id };
  });
}

/** Answers that nobody has taken to where the question was asked; taken now, in the caller's transaction. */
export async function takeUntold(
  tx: Tx,
  org: string,
): Promise<{ id: string; agent: string; project: string; answer: string }[]> {
  return await tx<{ id: string; agent: string; project: string; answer: string }[]>`
    update agent_inbox set told_at = now()
    where org_id = ${org} and answer is not null and told_at is null
    returning id, agent, project_id as project, answer`;
}

const messageOf = (row: Row): AgentMessage => ({
  id: row.id,
  seq: Number(row.seq),
  agent: row.agent,
  project: row.project,
  session: row.session,
  from: row.sender,
  fromName: row.sender_name,
  via: row.via,
  text: row.text,
  at: row.at.toISOString(),
  answer: row.answer,
});
