/** @jsxImportSource preact */
import { Icon } from "../../parts/icon.tsx";
import { Avatar, calledOf } from "../../parts/who.tsx";
import { OwnAdvice } from "../advice/own.tsx";
import { standing, waits } from "../advice/standing.ts";
import { useDesk } from "../desk.ts";
import { text } from "../field.ts";
import type { Advice } from "../fold.ts";
import { ShowAll } from "./cut.tsx";
import { anchor, Head } from "./head.tsx";

/** A colleague's hand on the shoulder: from the other side, in a form of its own, with its receipt. */
export function AdviceView({ item }: { item: Advice }) {
  const { advice } = item;
  const { store } = useDesk();
  const now = standing(item);
  const { state, steps, text: words, answer } = now;
  const who = text(advice.body.from) || advice.sender;
  // Its person answers for it, and has not said it.
  const note = text(advice.body.via) === "mcp" ? "advises, by an agent" : "advises";
  return (
    <article class="message advice" id={anchor(advice)} aria-label="Advice">
      <div class="words">
        <Head event={advice} who={who} note={note} />
        <p class="typed">{words}</p>
        <p class="quiet-line">
          <Icon name="advice" /> {steps.join(" → ")}
        </p>
        {answer ? (
          <p class="advice-answer">
            <b>{calledOf(store.session.value.agent, store.session.value.agentFace)}</b> {answer}
          </p>
        ) : null}
        {waits(now) && advice.sender === store.viewer ? (
          <OwnAdvice item={item} text={words} mayEdit={state === "queued"} />
        ) : null}
        <ShowAll event={advice} />
      </div>
      <Avatar who={who} as="advisor" />
    </article>
  );
}
