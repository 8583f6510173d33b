import type { Meant } from "../../core/slack-inbound.ts";
import { nameOf } from "../../wire/participant.ts";
import { cut, line } from "../format/safe.ts";
import { button, context, STATE, section } from "../mirror/card.ts";

/** The button of a hint: sends the message it belongs to into this session. */
export const PICK = /^polaris_pick_\d+$/;

/** Which message a pick is about, and where it goes. */
export const pickValue = (session: string, channel: string, ts: string, thread?: string): string =>
  [session, channel, ts, thread ?? ""].join(" ");

/** "For which session is this?" with a button for each that lives. */
type Block =
  | ReturnType<typeof section>
  | ReturnType<typeof context>
  | {
      type: "actions";
      elements: (ReturnType<typeof button> & { action_id: string; value: string })[];
    };

export function hint(
  found: Meant[],
  { channel, ts, thread }: { channel: string; ts: string; thread?: string | undefined },
  why: string,
): { text: string; blocks: Block[] } {
  if (found.length === 0) {
    const text = `${why} No session is live here now, so nobody would read it.`;
    return { text, blocks: [section(text)] };
  }
  const text = `${why} For which session is it?`;
  const elements = found.slice(0, 10).map((session, at) => ({
    ...button(cut(`${session.name}${session.label ? ` · ${session.label}` : ""}`, 75)),
    action_id: `polaris_pick_${at}`,
    value: pickValue(session.id, channel, ts, thread),
  }));
  const first = found[0]?.name ?? "s-7a3f";
  const how = `Next time: reply in the session's thread, or write \`${first}: your text\`.`;
  return {
    text,
    blocks: [section(text), { type: "actions", elements }, context(how)],
  };
}

/** One session in a list: name, state, who. */
export function row(session: Meant, url: string): string {
  const [sign, words] = STATE[session.state];
  const who = session.driver ? line(nameOf(session.driver), 60) : "nobody";
  const label = session.label ? ` · ${line(session.label, 80)}` : "";
  return `${sign} *<${url}|${line(session.slug, 64)}/${line(session.name, 64)}>*${label} · ${words} · driven by ${who}`;
}
