import * as agents from "../../core/agents.ts";
import type { Tx } from "../../core/database.ts";
import { nameOf } from "../../core/members.ts";
import * as people from "../../core/slack-people.ts";
import { cut } from "../format/safe.ts";

/** A name and a picture, as `chat.postMessage` takes them (it needs `chat:write.customize`). */
export interface Persona {
  name: string;
  icon: { icon_url: string } | { icon_emoji: string };
}

/** Looks up who speaks: people by their Slack profile, agents by the registry. One book serves one batch. */
export function personas(tx: Tx, { org, team }: { org: string; team: string }) {
  const known = new Map<string, Persona>();

  async function look(participant: string): Promise<Persona> {
    if (participant.startsWith("agent:")) {
      const agent = await agents.find(tx, org, participant);
      const base = agents.baseOf(participant);
      const name = agent?.display ?? (base[0] ?? "").toUpperCase() + base.slice(1);
      return agentFace(name, agent?.icon ?? "");
    }
    const face = await people.faceOf(tx, org, team, participant);
    const icon = face?.image ? { icon_url: face.image } : { icon_emoji: ":bust_in_silhouette:" };
    const name = face?.name ?? (await nameOf(tx, org, participant));
    return { name: plain(name ?? participant.slice(participant.indexOf(":") + 1)), icon };
  }

  return async function personaOf(participant: string): Promise<Persona> {
    const before = known.get(participant);
    if (before) return before;
    const persona = await look(participant);
    known.set(participant, persona);
    return persona;
  };
}
export type Personas = ReturnType<typeof personas>;

/** Slack takes `:owl:` or a picture for an icon; an emoji as such becomes part of the name. */
function agentFace(name: string, icon: string): Persona {
  if (icon.startsWith("https://")) return { name: plain(name), icon: { icon_url: icon } };
  if (icon.startsWith(":")) return { name: plain(name), icon: { icon_emoji: icon } };
  const icons = { icon_emoji: ":robot_face:" };
  return { name: plain(icon ? `${icon} ${name}` : name), icon: icons };
}

/** A name is one line of 80 characters without anything that Slack would read as its own. */
const plain = (name: string): string =>
  cut(
    name
      .replace(/[\p{Cc}\p{Cf}<>]+/gu, " ")
      .replace(/\s+/g, " ")
      .trim(),
    80,
  ) || "somebody";
