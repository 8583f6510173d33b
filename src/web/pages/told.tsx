/** @jsxImportSource preact */
/**
 * A session as a document: every event drawn whole and at once, so that it reads on paper, without scripts and from a
 * file. The shared page, its preview and the HTML export are made of it.
 */
import type { ComponentChildren } from "preact";
import type { StoredEvent } from "../../wire/event.ts";
import { type Diff, diffOf } from "../client/diff.ts";
import { line, list, record, said, text } from "../client/field.ts";
import { Markdown } from "../client/markdown.tsx";
import { Icon } from "../parts/icon.tsx";
import type { ShapeName } from "../parts/shapes.ts";
import { absolute } from "../parts/time.tsx";
import { Avatar, nameOf, type Role } from "../parts/who.tsx";

/** What says nothing to a reader. */
const SILENT = new Set(["usage", "session.title", "other", "session.joined", "session.left"]);

export function Told({ events }: { events: readonly StoredEvent[] }) {
  return (
    <>
      {events.map((event) => (
        <Event key={event.seq} event={event} />
      ))}
    </>
  );
}

export function Event({ event }: { event: StoredEvent }) {
  const { kind, body } = event;
  if (SILENT.has(kind)) return null;
  if (kind === "user.message") {
    if (body.origin === "system") return <Line event={event} icon="notice" what="system" />;
    return (
      <Message event={event} as="human" what="Prompt">
        <p class="typed">{event.text ?? ""}</p>
      </Message>
    );
  }
  if (kind === "agent.message") {
    return (
      <Message event={event} as="agent" what="Answer">
        <Markdown text={event.text ?? ""} />
      </Message>
    );
  }
  if (kind === "injection.queued") {
    return (
      <Message event={event} as="advisor" what="Advice">
        <p class="typed">{event.text ?? ""}</p>
      </Message>
    );
  }
  if (kind === "agent.thought") {
    return (
      <Fold event={event} icon="think" name="Thought">
        <Markdown text={event.text ?? ""} />
      </Fold>
    );
  }
  if (kind === "tool.call") return <Call event={event} />;
  if (kind === "tool.result") return <Result event={event} />;
  if (kind === "question.asked") return <Questions event={event} />;
  return <Line event={event} icon={ICONS[kind] ?? "notice"} what={WORDS[kind] ?? kind} />;
}

const ICONS: Record<string, ShapeName> = {
  error: "warning",
  "turn.end": "end",
  "session.end": "end",
  "subagent.start": "subagent",
  "subagent.end": "subagent",
  "permission.request": "permission",
  "permission.decision": "permission",
  "question.answered": "question",
  "compaction.start": "compaction",
  "compaction.end": "compaction",
  "code.commit": "branch",
};

const WORDS: Record<string, string> = {
  "turn.end": "turn ended",
  "session.start": "session began",
  "session.end": "session ended",
  "subagent.start": "subagent began",
  "subagent.end": "subagent ended",
  "permission.request": "asks for permission",
  "permission.decision": "permission",
  "question.answered": "answered",
  "code.commit": "commit",
  "driver.changed": "driver changed",
};

function Message({
  event,
  as,
  what,
  children,
}: {
  event: StoredEvent;
  as: Role;
  what: string;
  children: ComponentChildren;
}) {
  const side = as === "agent" ? "answer" : as === "advisor" ? "advice" : "prompt";
  return (
    <article class={`message ${side}`} id={`e-${event.seq}`} aria-label={what}>
      <Avatar who={event.sender} as={as} />
      <div class="words">
        <p class="told-head">
          <b>{event.senderName ?? nameOf(event.sender)}</b> <At at={event.at} />
        </p>
        {children}
      </div>
    </article>
  );
}

const At = ({ at }: { at: string }) => (
  <time class="dim small" dateTime={at}>
    {absolute(at)}
  </time>
);

function Fold({
  event,
  icon,
  name,
  bad = false,
  children,
}: {
  event: StoredEvent;
  icon: ShapeName;
  name: string;
  bad?: boolean;
  children: ComponentChildren;
}) {
  return (
    <details class={`tool${bad ? " tool-bad" : ""}`} id={`e-${event.seq}`}>
      <summary>
        <Icon name={icon} />
        <b>{name}</b>
        <span class="tool-text">{line(event.text ?? "")}</span>
      </summary>
      <div class="tool-body">{children}</div>
    </details>
  );
}

const TOOLS: Record<string, ShapeName> = {
  read: "read",
  edit: "edit",
  delete: "delete",
  move: "move",
  search: "search",
  execute: "execute",
  think: "think",
  fetch: "fetch",
};

function Call({ event }: { event: StoredEvent }) {
  const { body } = event;
  const input = record(body.input);
  const diff = diffOf(body.input, undefined);
  const command = text(input.command);
  return (
    <Fold event={event} icon={TOOLS[text(body.kind)] ?? "other"} name={text(body.name) || "Tool"}>
      {command ? <Plain words={`$ ${command}`} /> : null}
      {diff ? <Changed diff={diff} /> : null}
      {command || diff ? null : <Plain words={JSON.stringify(body.input ?? {}, null, 2)} />}
    </Fold>
  );
}

function Result({ event }: { event: StoredEvent }) {
  const status = text(event.body.status) || "completed";
  const output = said(event.body.output);
  if (!output && status === "completed") return null;
  return (
    <Fold
      event={event}
      icon={status === "completed" ? "check" : "warning"}
      name={status}
      bad={status !== "completed"}
    >
      <Plain words={output} />
    </Fold>
  );
}

/** Colours and cursor moves of a terminal are left out. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is how an escape sequence begins
const ESCAPES = /\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07]*\x07/g;

const Plain = ({ words }: { words: string }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: long lines scroll sideways and must do so by keyboard too
  <pre class="output" tabIndex={0}>
    {words.replaceAll(ESCAPES, "")}
  </pre>
);

function Changed({ diff }: { diff: Diff }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: long lines scroll sideways and must do so by keyboard too
    <pre class="output" tabIndex={0}>
      {diff.lines.map(({ sign, text }, at) => (
        <span key={at} class={sign === "+" ? "plus" : sign === "-" ? "minus" : ""}>
          {`${sign} ${text}\n`}
        </span>
      ))}
    </pre>
  );
}

function Questions({ event }: { event: StoredEvent }) {
  const questions = list(event.body.questions).map(record);
  return (
    <Message event={event} as="agent" what="Question">
      {questions.length === 0 ? <p class="typed">{event.text ?? ""}</p> : null}
      {questions.map((question, at) => (
        <div key={at}>
          <p class="typed">{text(question.question)}</p>
          <ul class="dim">
            {list(question.options).map((option, n) => (
              <li key={n}>{text(record(option).label)}</li>
            ))}
          </ul>
        </div>
      ))}
    </Message>
  );
}

function Line({ event, icon, what }: { event: StoredEvent; icon: ShapeName; what: string }) {
  return (
    <p class="told-line" id={`e-${event.seq}`}>
      <Icon name={icon} /> <span>{what}</span>{" "}
      <span class="tool-text">{line(event.text ?? "")}</span>
      <At at={event.at} />
    </p>
  );
}
