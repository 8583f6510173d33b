/** @jsxImportSource preact */
import { CopyButton } from "../../parts/command.tsx";
import { Code } from "../code.tsx";
import type { Diff } from "../diff.ts";
import { record, said, text } from "../field.ts";
import type { Tool } from "../fold.ts";
import { Lines, ShowAll } from "./cut.tsx";
import { When } from "./head.tsx";

/** Input and result of a tool call, each in the form its kind is read in. */
export function ToolBody({
  tool,
  name,
  diff,
}: {
  tool: Tool;
  name: string;
  diff: Diff | undefined;
}) {
  const { call, result } = tool;
  const input = record(call?.body.input);
  const output = said(result?.body.output);
  const command = text(input.command);
  return (
    <div class="tool-body">
      {command ? (
        <Terminal command={command} output={output} />
      ) : (
        <>
          {diff ? <DiffView diff={diff} /> : <Input input={input} name={name} />}
          {output && (!diff || result?.body.status !== "completed") ? (
            <Answer text={output} />
          ) : null}
        </>
      )}
      <p class="quiet-line">
        {[call, result].map((event) =>
          event ? (
            <span key={event.seq} class="stamp">
              {event === call ? "called" : "answered"} <When event={event} />
            </span>
          ) : null,
        )}
      </p>
      {call?.cut ? <ShowAll event={call} /> : null}
      {result?.cut ? <ShowAll event={result} /> : null}
    </div>
  );
}

function Terminal({ command, output }: { command: string; output: string }) {
  return (
    <div class="terminal">
      <div class="code-head">
        <span>terminal</span>
        <CopyButton text={command} what="command" />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long lines scroll sideways and must do so by keyboard too */}
      <pre tabIndex={0}>
        <b>{`$ ${command}\n`}</b>
        <Lines text={output} />
      </pre>
    </div>
  );
}

function Answer({ text }: { text: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: long lines scroll sideways and must do so by keyboard too
    <pre class="output" tabIndex={0}>
      <Lines text={text} />
    </pre>
  );
}

function Input({ input, name }: { input: Record<string, unknown>; name: string }) {
  const fields = Object.entries(input);
  if (!fields.length) return null;
  if (fields.every(([, value]) => typeof value !== "object" && String(value).length < 200)) {
    return (
      <dl class="fields">
        {fields.map(([key, value]) => (
          <div key={key}>
            <dt>{key}</dt>
            <dd>{String(value)}</dd>
          </div>
        ))}
      </dl>
    );
  }
  return <Code text={JSON.stringify(input, null, 2)} lang={`${name} input`} />;
}

const SIGNS = { "+": "added", "-": "removed", " ": "same", "@": "place" } as const;

function DiffView({ diff }: { diff: Diff }) {
  const most = 400;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: long lines scroll sideways and must do so by keyboard too
    <pre class="diff" tabIndex={0}>
      {diff.lines.slice(0, most).map(({ sign, text }) => (
        <span class={`line-${SIGNS[sign]}`}>{`${sign === "@" ? "" : `${sign} `}${text}\n`}</span>
      ))}
      {diff.lines.length > most ? `… ${diff.lines.length - most} more lines` : null}
    </pre>
  );
}
