import type { Tx } from "../db/db.ts";
import { PolarisError } from "../wire/error.ts";
import type { AdviceSetting, Session } from "../wire/session.ts";
import { isMember } from "./access.ts";
import type { Caller } from "./caller.ts";

/** More than this many that nobody has seen yet: whoever reads them all would do nothing else. */
const MOST_OPEN = 50;

/** A person who has much to say writes one every few seconds; two agents that advise each other never stop. */
export const ADVICE_A_MINUTE = 30;

/** Throws unless the caller may advise this session now. Asked with the project locked, before it is written. */
export async function demandAdvice(
  tx: Tx,
  caller: Caller,
  session: Session,
  most = ADVICE_A_MINUTE,
): Promise<void> {
  const [row] = await tx<
    {
      advice: AdviceSetting;
      muted: boolean;
      driver: string | null;
      member: boolean;
      open: number;
    }[]
  >`
    select p.advice, s.muted_at is not null as muted, s.driver, ${isMember(tx, caller)} as member,
      (select count(*)::int from injections i
        where i.session_id = s.id and i.state in ('queued', 'delivered')) as open
    from sessions s join projects p on p.id = s.project_id where s.id = ${session.id}`;
  if (!row) return;
  if (row.advice === "off") {
    throw new PolarisError("forbidden", "This project takes no advice.", {
      hint: "Its members can change that: PATCH /projects/:proj { advice }.",
    });
  }
  const isDriver = row.driver === caller.participant;
  if (row.advice === "linked" && !row.member && !isDriver) {
    throw new PolarisError("forbidden", "Only people on this project's list may advise here.", {
      hint: "Ask one of them to put you on it: GET /projects/:proj/members.",
    });
  }
  if (row.muted && !isDriver) {
    throw new PolarisError("forbidden", `${row.driver ?? "Its driver"} wants no advice here now.`, {
      hint: "They can take it again from the session's page.",
    });
  }
  if (row.open >= MOST_OPEN) {
    throw new PolarisError("rate_limited", `${row.open} pieces of advice wait in this session.`, {
      hint: "Wait until the agent has seen some of them.",
      retryAfter: 30,
    });
  }
  await demandPace(tx, caller, most);
}

/** Counted in the database: the same for all doors and servers. */
async function demandPace(tx: Tx, { org, participant }: Caller, most: number): Promise<void> {
  const [last] = await tx<{ wait: number }[]>`
    select extract(epoch from created_at + interval '1 minute' - now())::float8 as wait from injections
    where org_id = ${org} and sender = ${participant}
    order by created_at desc offset ${most - 1} limit 1`;
  if (!last || last.wait <= 0) return;
  throw new PolarisError("rate_limited", "You have sent much advice in a short time.", {
    hint: "Nothing was sent; try again after the time in Retry-After.",
    retryAfter: Math.ceil(last.wait),
  });
}

/** How the caller is called: a person's own name; an agent that uses a person's token has only its id. */
export async function nameOf(tx: Tx, caller: Caller): Promise<string> {
  const [row] = await tx<{ name: string }[]>`
    select u.name from users u join participants p on p.user_id = u.id
    where p.org_id = ${caller.org} and p.participant = ${caller.participant}`;
  return row?.name ?? caller.participant.replace(/^\w+:/, "");
}
