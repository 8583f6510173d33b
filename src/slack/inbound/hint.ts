import type { Meant } from "../../core/slack-inbound.ts";
import type { Agent } from "../../wire/agent.ts";
import { nameOf } from "../../wire/participant.ts";
import { cut, line } from "../format/safe.ts";
import { button, context, STATE, section } from "../mirror/card.ts";

/** The button of a hint: sends the message it belongs to into this session. */
export const PICK = /^polaris_pick_\d+$/;

/** Which message a pick is about, and where it goes: a session's id, or `agent:dean`. */
export const pickValue = (to: string, channel: string, ts: string, thread?: string): string =>
  [to, channel, ts, thread ?? ""].join(" ");

type Block =
  | ReturnType<typeof section>
  | ReturnType<typeof context>
  | {
      type: "actions";
      elements: (ReturnType<typeof button> & { action_id: string; value: string })[];
    };

/** "For whom is it?" with a button for each session that lives, and for each agent at home here. */
export function hint(
  found: Meant[],
  { channel, ts, thread }: { channel: string; ts: string; thread?: string | undefined },
  why: string,
  agents: Pick<Agent, "participant" | "name" | "display">[] = [],
): { text: string; blocks: Block[] } {
  const sessions = found.slice(0, 10).map((session) => ({
    to: session.id,
    words: `${session.name}${session.label ? ` · ${session.label}` : ""}`,
  }));
  const named = agents
    .slice(0, 5)
    .map(({ participant, name, display }) => ({ to: participant, words: `${display} · @${name}` }));
  const choices = [...sessions, ...named];
  if (choices.length === 0) {
    const text = `${why} No session is live here now, so nobody would read it.`;
    return { text, blocks: [section(text)] };
  }
  const text = `${why} For ${named.length > 0 ? "whom" : "which session"} is it?`;
  const elements = choices.map(({ to, words }, at) => ({
    ...button(cut(words, 75)),
    action_id: `polaris_pick_${at}`,
    value: pickValue(to, channel, ts, thread),
  }));
  const [first] = found;
  const [agent] = agents;
  const ways = [
    first ? `reply in the session's thread, or write \`${first.name}: your text\`` : "",
    agent ? `${first ? "or " : "write "}\`@${agent.name} your text\`` : "",
  ];
  const how = `Next time: ${ways.filter(Boolean).join(", ")}.`;
  return { text, blocks: [section(text), { type: "actions", elements }, context(how)] };
}

/** One session in a list: name, state, who. */
export function row(session: Meant, url: string): string {
  const [sign, words] = STATE[session.state];
  const who = session.driver ? line(nameOf(session.driver), 60) : "nobody";
  const label = session.label ? ` · ${line(session.label, 80)}` : "";
  return `${sign} *<${url}|${line(session.slug, 64)}/${line(session.name, 64)}>*${label} · ${words} · driven by ${who}`;
}
