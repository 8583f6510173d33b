import * as agents from "../../core/agents.ts";
import type { Meant } from "../../core/slack-inbound.ts";
import * as inbound from "../../core/slack-inbound.ts";
import * as people from "../../core/slack-people.ts";
import { nameOf } from "../../wire/participant.ts";
import { line } from "../format/safe.ts";
import type { Deps } from "../listeners.ts";
import type { Somebody } from "./whom.ts";
import type { Address } from "./words.ts";

/** The sessions an address means: by name; those that somebody drives or an agent works in; or an agent without any. */
export async function meantBy(
  { db }: Pick<Deps, "db">,
  room: { org: string; team: string },
  somebody: Somebody,
  to: NonNullable<Address["to"]>,
  live: Meant[],
  project: string,
): Promise<{ sessions: Meant[]; agent?: string | undefined; who: string }> {
  if ("session" in to) {
    const session = await db.as(room.org, (tx) =>
      inbound.sessionNamed(tx, somebody, to.session, project),
    );
    return { sessions: session ? [session] : [], who: `\`${line(to.session, 64)}\`` };
  }
  if ("slackUser" in to) {
    const person = await db.as(room.org, (tx) =>
      people.find(tx, room.org, room.team, to.slackUser),
    );
    const driver = person?.participant ?? (person ? `slack:${person.handle}` : "");
    const sessions = live.filter((it) => it.driver === driver);
    return { sessions, who: line(person?.name ?? "This person", 80) };
  }
  const { name } = to;
  const byName = live.filter((it) => it.name === name);
  if (byName.length > 0) return { sessions: byName, who: `\`${line(name, 64)}\`` };
  const isCalled = (participant: string | null) => {
    const own = nameOf(participant ?? "").toLowerCase();
    return own === name || own.startsWith(`${name}.`) || own.split("-")[0] === name;
  };
  const who = `@${line(name, 64)}`;
  const agent = await db.as(room.org, (tx) => agents.find(tx, room.org, `agent:${name}`));
  const asAgent = live.filter((it) => isCalled(it.agent) || (agent && isCalled(it.driver)));
  if (agent) return { sessions: asAgent.slice(0, 1), agent: agent.name, who };
  const driven = live.filter((it) => isCalled(it.driver));
  return { sessions: driven.length > 0 ? driven : asAgent, who };
}
