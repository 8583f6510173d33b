/** @jsxImportSource preact */
import type { StoredEvent } from "../../../wire/event.ts";
import { Icon } from "../../parts/icon.tsx";
import { line, list, record, said, text } from "../field.ts";
import type { Question, Single } from "../fold.ts";
import { ShowAll } from "./cut.tsx";
import { anchor, When } from "./head.tsx";

/** The agent waits for a yes or a no: amber while it waits, a quiet line afterwards. */
export function Permission({ item }: { item: Single }) {
  const { event, waiting } = item;
  const name = text(event.body.name) || "a tool";
  const input = record(event.body.input);
  const what = event.text || text(input.command) || text(input.file_path);
  if (!waiting) {
    return (
      <p class="system" id={anchor(event)}>
        <Icon name="permission" />
        <span>
          Asked to use {name}: <code>{line(what, 100)}</code>
        </span>
        <When event={event} />
      </p>
    );
  }
  return (
    <section class="ask" id={anchor(event)} aria-label="Waits for permission">
      <p class="ask-head">
        <Icon name="hand" />
        <b>Waits for permission to use {name}</b>
        <When event={event} />
      </p>
      <pre class="output">{what || said(event.body.input)}</pre>
      <ShowAll event={event} />
    </section>
  );
}

/** A question of the agent and what was chosen. */
export function QuestionView({ item }: { item: Question }) {
  const { asked, answered } = item;
  const event = asked ?? answered;
  if (!event) return null;
  const waiting = !answered;
  return (
    <section class={waiting ? "ask" : "asked"} id={anchor(event)} aria-label="Question">
      <p class="ask-head">
        <Icon name={waiting ? "hand" : "question"} />
        <b>
          {waiting
            ? "Waits for an answer"
            : answered.body.cancelled
              ? "Question cancelled"
              : "Asked"}
        </b>
        <When event={event} />
      </p>
      {questions(asked).map(({ question, options }) => (
        <div>
          <p>{question}</p>
          <ul class="options">
            {options.map((option) => (
              <li>
                <b>{option.label}</b>
                {option.description ? ` ${option.description}` : ""}
              </li>
            ))}
          </ul>
        </div>
      ))}
      {!asked && event.text ? <p>{event.text}</p> : null}
      {answered && !answered.body.cancelled ? (
        <p class="chosen">
          <Icon name="check" label="Answer" /> {answers(answered)}
        </p>
      ) : null}
    </section>
  );
}

function questions(asked: StoredEvent | undefined) {
  const all = list(asked?.body.questions).map((value) => {
    const { question, options } = record(value);
    return {
      question: typeof value === "string" ? value : text(question),
      options: list(options).map((option) => {
        const { label, description } = record(option);
        return { label: text(label) || said(option), description: text(description) };
      }),
    };
  });
  return all.length || !asked ? all : [{ question: asked.text ?? "", options: [] }];
}

function answers(answered: StoredEvent): string {
  const given = Object.values(record(answered.body.answers)).map(said);
  return given.join(" · ") || said(answered.body.answers) || answered.text || "";
}
