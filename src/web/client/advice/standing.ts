/** Where a piece of advice stands, from its events: the same rules as the server's (core/reports.ts). */
import type { StoredEvent } from "../../../wire/event.ts";
import type { InjectionState } from "../../../wire/injection.ts";
import { text } from "../field.ts";
import type { Advice } from "../fold.ts";

export interface Standing {
  state: InjectionState;
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
    steps: ["queued"],
    text: advice.text ?? "",
    answer: "",
  };
  for (const event of receipts) take(now, event);
  return now;
}

function take(now: Standing, event: StoredEvent): void {
  const { kind, body } = event;
  if (kind === "injection.edited") {
    now.text = event.text ?? now.text;
    now.steps.push("edited");
    return;
  }
  const state = stateOf(kind);
  if (!state) return;
  if (state === "answered") now.answer = [now.answer, event.text].filter(Boolean).join("\n\n");
  if (RANK[state] <= RANK[now.state]) return;
  now.state = state;
  const why = text(body.reason) || (state === "failed" ? (event.text ?? "") : "");
  now.steps.push(why ? `${WORDS[state]}: ${why}` : WORDS[state]);
}

/** An injected prompt in the transcript shows that the text is in the conversation. */
function stateOf(kind: string): InjectionState | undefined {
  if (kind === "user.message") return "delivered";
  const name = kind.replace("injection.", "");
  return name in RANK ? (name as InjectionState) : undefined;
}
