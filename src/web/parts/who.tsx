/** @jsxImportSource preact */
import { Star } from "./icon.tsx";

/** The role in which someone speaks; each has its own form, so that it is seen without reading. */
export type Role = "human" | "agent" | "advisor" | "system";

/** `user:manu` -> `manu`; the kind is told by the form of the picture. */
export function nameOf(participant: string): string {
  return participant.slice(participant.indexOf(":") + 1) || participant;
}

/** Human: a disc with an initial. Agent: a square with the star. Advisor: a lozenge. System: a small ring. */
export function Avatar({ who, as }: { who: string; as: Role }) {
  return (
    <span class={`avatar avatar-${as}`} aria-hidden="true">
      {as === "agent" ? <Star /> : as === "system" ? null : <b>{initial(who)}</b>}
    </span>
  );
}

const initial = (who: string): string => (nameOf(who)[0] ?? "?").toUpperCase();
