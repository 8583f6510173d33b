/** @jsxImportSource preact */
import type { Face } from "../../wire/agent.ts";
import { emojiOf } from "./emoji.ts";
import { Star } from "./icon.tsx";

/** The role in which someone speaks; each has its own form, so that it is seen without reading. */
export type Role = "human" | "agent" | "advisor" | "system";

/** `user:manu` -> `manu`; the kind is told by the form of the picture. */
export function nameOf(participant: string): string {
  return participant.slice(participant.indexOf(":") + 1) || participant;
}

/** By its name in the registry, where it has one: `agent:dean.snowflake` is Dean. */
export const calledOf = (participant: string, face?: Face): string =>
  face?.display ?? nameOf(participant);

/** A picture from the registry, else nothing. */
export function Picture({ icon }: { icon: string }) {
  const emoji = emojiOf(icon);
  if (emoji) return <span class="picture">{emoji}</span>;
  if (!icon.startsWith("https://")) return null;
  return (
    <img class="picture" src={icon} alt="" width={16} height={16} referrerpolicy="no-referrer" />
  );
}

/** Somebody in a line of words: an agent of the registry with its picture and name. */
export function Who({ who, face }: { who: string; face?: Face | undefined }) {
  if (!face) return <>{nameOf(who)}</>;
  return (
    <span class="who" title={who}>
      <span aria-hidden="true">
        <Picture icon={face.icon} />
      </span>{" "}
      {face.display}
    </span>
  );
}

/** Human: a disc with an initial. Agent: a square with its picture or the star. Advisor: a lozenge. System: a small ring. */
export function Avatar({ who, as, face }: { who: string; as: Role; face?: Face | undefined }) {
  const picture = as === "agent" && face ? Picture({ icon: face.icon }) : null;
  return (
    <span class={`avatar avatar-${as}`} aria-hidden="true">
      {picture ?? (as === "agent" ? <Star /> : as === "system" ? null : <b>{initial(who)}</b>)}
    </span>
  );
}

const initial = (who: string): string => (nameOf(who)[0] ?? "?").toUpperCase();
