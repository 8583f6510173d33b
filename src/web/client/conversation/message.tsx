/** @jsxImportSource preact */
import type { StoredEvent } from "../../../wire/event.ts";
import { Icon } from "../../parts/icon.tsx";
import { duration } from "../../parts/time.tsx";
import { Avatar } from "../../parts/who.tsx";
import { useDesk } from "../desk.ts";
import { field, line, list, text } from "../field.ts";
import { Markdown } from "../markdown.tsx";
import { ShowAll } from "./cut.tsx";
import { anchor, Head, When } from "./head.tsx";

/** What a person asked. The words are kept as typed: people write prompts, not Markdown. */
export function Prompt({ event }: { event: StoredEvent }) {
  const images = list(event.body.images).length || field.number(event.body.images);
  const note = text(event.body.command)
    ? "command"
    : event.body.bash
      ? "shell"
      : event.body.queued
        ? "queued"
        : undefined;
  return (
    <article class="message prompt" id={anchor(event)} aria-label="Prompt">
      <Speaker event={event} />
      <div class="words">
        <Head event={event} {...(note ? { note } : {})} />
        <p class="typed">{event.text ?? ""}</p>
        {images ? (
          <p class="quiet-line">
            <Icon name="image" /> {images} {images === 1 ? "image" : "images"}
          </p>
        ) : null}
        <ShowAll event={event} />
      </div>
    </article>
  );
}

export function Answer({ event }: { event: StoredEvent }) {
  const failed = event.body.apiError === true || typeof event.body.apiError === "string";
  return (
    <article
      class={`message answer${failed ? " answer-failed" : ""}`}
      id={anchor(event)}
      aria-label="Answer"
    >
      <Speaker event={event} />
      <div class="words">
        <Head event={event} {...(event.body.aborted ? { note: "interrupted" } : {})} />
        <Markdown text={event.text ?? ""} />
        <ShowAll event={event} />
      </div>
    </article>
  );
}

/** The picture of who speaks: an agent of the registry has its own. */
function Speaker({ event: { sender } }: { event: StoredEvent }) {
  const { agent, agentFace, driver, driverFace } = useDesk().store.session.value;
  const face = sender === agent ? agentFace : sender === driver ? driverFace : undefined;
  return <Avatar who={sender} as={sender.startsWith("agent:") ? "agent" : "human"} face={face} />;
}

/** Folded: interesting sometimes, in the way always. */
export function Thought({ event }: { event: StoredEvent }) {
  const ms = field.number(event.body.durationMs);
  return (
    <details class="tool" id={anchor(event)}>
      <summary>
        <Icon name="think" />
        <b>{ms ? `Thought for ${duration(ms)}` : "Thought"}</b>
        <span class="tool-text">{line(event.text ?? "")}</span>
      </summary>
      <div class="tool-body thought">
        <Markdown text={event.text ?? ""} />
        <When event={event} />
        <ShowAll event={event} />
      </div>
    </details>
  );
}
