import type { Mirror } from "../../core/slack-mirrors.ts";
import type { State } from "../../wire/session.ts";
import { cut, line } from "../format/safe.ts";

/** The same words and signs everywhere in Slack. */
export const STATE: Record<State, [sign: string, words: string]> = {
  needs_human: [":raised_hand:", "needs a human"],
  working: [":large_green_circle:", "working"],
  idle: [":white_circle:", "idle"],
  finished: [":white_check_mark:", "finished"],
  failed: [":x:", "failed"],
  paused: [":double_vertical_bar:", "recording is paused"],
};

export interface Faces {
  driver: string | null;
  agent: string;
}

/** What somebody can click under a card; the value is the session's id. */
export const ACTIONS = { follow: "polaris_follow", send: "polaris_send" } as const;

/** The live card of a session: who, what, how it stands, and what can be done. Its text is what notifications show. */
export function card(session: Mirror, faces: Faces, url: string) {
  const [sign, words] = STATE[session.state];
  const title = session.label ?? session.title;
  const head = `*<${url}|${line(session.name, 64)}>*${title ? ` · ${line(title, 150)}` : ""}`;
  const who = faces.driver
    ? `${line(faces.driver, 80)} drives ${line(faces.agent, 80)}`
    : `${line(faces.agent, 80)} · nobody drives`;
  const where = [session.branch, session.machine, session.model].filter((it) => it !== null);
  const counts = [plural(session.prompts, "prompt"), plural(session.tools, "tool call")];
  return {
    text: cut(`${session.name}: ${words}. ${who}.`, 300),
    blocks: [
      section(`${head}\n${sign} ${words} · ${who}`),
      ...(session.lastPrompt ? [section(`> ${line(session.lastPrompt, 280)}`)] : []),
      context([...counts, ...where.map((it) => line(it, 80))].join(" · ")),
      {
        type: "actions",
        elements: [
          { ...button("Open"), action_id: "polaris_open", url },
          { ...button("Follow"), action_id: ACTIONS.follow, value: session.session },
          { ...button("Send message"), action_id: ACTIONS.send, value: session.session },
        ],
      },
    ],
  };
}

export const section = (text: string) => ({
  type: "section",
  text: { type: "mrkdwn", text: cut(text, 3000) },
});

export const context = (text: string) => ({
  type: "context",
  elements: [{ type: "mrkdwn", text: cut(text, 2000) }],
});

export const button = (text: string) => ({
  type: "button",
  text: { type: "plain_text", text: cut(text, 75) },
});

export const plural = (count: number, noun: string): string =>
  `${count} ${count === 1 ? noun : `${noun}s`}`;
