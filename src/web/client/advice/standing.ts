/** Where a piece of advice stands, from its events: the same rules as the server's (core/reports.ts). */
import type { StoredEvent } from "../../../wire/event.ts";
import type { InjectionState } from "../../../wire/injection.ts";
import { text } from "../field.ts";
import type { Advice } from "../fold.ts";

export interface Standing {
  state: InjectionState;
  /** It came to the agent, or was on its way into it. */
  wasDelivered: boolean;
  /** What happened to it, in words, in its order: `queued`, `delivered`, `seen by the agent`. */
  steps: string[];
  /** Its words as they were changed last. */
  text: string;
  answer: string;
}

const RANK: Record<InjectionState, number> = {
  queued: 0,
  recalled: 1,
  expired: 1,
  delivered: 2,
  failed: 3,
  seen: 4,
  answered: 5,
};

const WORDS: Record<InjectionState, string> = {
  queued: "queued",
  delivered: "delivered",
  seen: "seen by the agent",
  answered: "answered",
  failed: "not delivered",
  expired: "not delivered",
  recalled: "taken back",
};

export function standing({ advice, receipts }: Advice): Standing {
  const now: Standing = {
    state: "queued",
    wasDelivered: false,
    steps: ["queued"],
    text: advice.text ?? "",
    answer: "",
  };
  /** All its words, the first ones first. */
  const said = [now.text];
  for (const event of receipts) take(now, said, event);
  return now;
}

/** Nobody has it, and somebody may get it: it may be taken back. */
export const waits = ({ state, wasDelivered }: Standing): boolean =>
  state === "queued" || (state === "failed" && !wasDelivered);

function take(now: Standing, said: string[], event: StoredEvent): void {
  const { kind, body } = event;
  if (kind === "injection.edited") {
    now.text = event.text ?? now.text;
    said.push(now.text);
    now.steps.push("edited");
    return;
  }
  const state = stateOf(kind);
  if (!state) return;
  if (state === "answered") now.answer = [now.answer, event.text].filter(Boolean).join("\n\n");
  // An edit that crossed the delivery: the agent has the words from before.
  const got = body.edits;
  const late = typeof got === "number" && got < said.length - 1;
  if (late) now.text = said[got] ?? now.text;
  // What found no way in waits for a chance, until it is taken back.
  const isTakenBack = state === "recalled" && waits(now);
  if (state === "delivered") now.wasDelivered = true;
  if (RANK[state] <= RANK[now.state] && !isTakenBack) return;
  now.state = state;
  const why = text(body.reason) || (state === "failed" ? (event.text ?? "") : "");
  const words = late && state === "delivered" ? "delivered before the edit" : WORDS[state];
  now.steps.push(why ? `${words}: ${why}` : words);
}

/** An injected prompt in the transcript shows that the text is in the conversation. */
function stateOf(kind: string): InjectionState | undefined {
  if (kind === "user.message") return "delivered";
  const name = kind.replace("injection.", "");
  return name in RANK ? (name as InjectionState) : undefined;
}
