/** @jsxImportSource preact */
import type { StoredEvent } from "../../../wire/event.ts";
import { Icon } from "../../parts/icon.tsx";
import { Avatar } from "../../parts/who.tsx";
import { text } from "../field.ts";
import type { Advice } from "../fold.ts";
import { ShowAll } from "./cut.tsx";
import { anchor, Head } from "./head.tsx";

/** A colleague's hand on the shoulder: from the other side, in a form of its own, with its receipt. */
export function AdviceView({ item }: { item: Advice }) {
  const { advice, receipts } = item;
  const who = text(advice.body.from) || advice.sender;
  return (
    <article class="message advice" id={anchor(advice)} aria-label="Advice">
      <div class="words">
        <Head event={advice} who={who} note="advises" />
        <p class="typed">{advice.text ?? ""}</p>
        <p class="quiet-line">
          <Icon name="advice" /> {receipt(advice, receipts)}
        </p>
        <ShowAll event={advice} />
      </div>
      <Avatar who={who} as="advisor" />
    </article>
  );
}

const WORDS: Record<string, string> = {
  "injection.queued": "queued",
  "injection.delivered": "delivered",
  "injection.seen": "seen by the agent",
  "injection.answered": "answered",
  "injection.failed": "not delivered",
  "injection.recalled": "recalled",
  "user.message": "delivered",
};

/** `queued → delivered → seen by the agent`. */
function receipt(advice: StoredEvent, receipts: StoredEvent[]): string {
  const steps = [advice, ...receipts].map(({ kind, text: why }) => {
    const word = WORDS[kind] ?? kind;
    return kind === "injection.failed" && why ? `${word}: ${why}` : word;
  });
  return [...new Set(steps)].join(" → ");
}
