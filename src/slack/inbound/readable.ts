import * as people from "../../core/slack-people.ts";
import type { Deps } from "../listeners.ts";
import { mentionedIn, wordsOf } from "./words.ts";

/** The text with names for ids. */
export async function readable(
  { db }: Pick<Deps, "db">,
  room: { org: string; team: string; botUser: string },
  raw: string,
): Promise<string> {
  const names = new Map<string, string>();
  const own = new RegExp(`^<@${room.botUser}(\\|[^>]*)?>[\\s:,]*`);
  const text = raw.replace(own, "");
  for (const id of new Set(mentionedIn(text))) {
    const person = await db.as(room.org, (tx) => people.find(tx, room.org, room.team, id));
    names.set(id, person?.handle ?? id);
  }
  return wordsOf(text, (id) => names.get(id) ?? id);
}
