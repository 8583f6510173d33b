/** @jsxImportSource preact */
import { useState } from "preact/hooks";
import type { StoredEvent } from "../../../wire/event.ts";
import { Icon } from "../../parts/icon.tsx";
import type { ShapeName } from "../../parts/shapes.ts";
import { duration } from "../../parts/time.tsx";
import { useDesk } from "../desk.ts";
import { type Diff, diffOf } from "../diff.ts";
import { field, line, record, said, text } from "../field.ts";
import type { Tool } from "../fold.ts";
import { anchor } from "./head.tsx";
import { ToolBody } from "./tool-body.tsx";

const ICONS: Record<string, ShapeName> = {
  read: "read",
  edit: "edit",
  delete: "delete",
  move: "move",
  search: "search",
  execute: "execute",
  think: "think",
  fetch: "fetch",
};

/** A tool call is one telling line; input and result are drawn when it is unfolded, and not before. */
export function ToolView({ tool }: { tool: Tool }) {
  const { call, result, decision } = tool;
  const [open, setOpen] = useState(false);
  const event = call ?? result;
  if (!event) return null;
  const name = text(call?.body.name) || text(result?.body.name) || "Tool";
  const diff = diffOf(call?.body.input, result?.body.structured);
  const status = text(result?.body.status);
  const bad = status === "failed" || status === "rejected" || status === "denied";
  const feedback = text(decision?.body.feedback) || text(result?.body.feedback);
  return (
    <>
      <details
        class={`tool${bad ? " tool-bad" : ""}`}
        id={anchor(event)}
        onToggle={(toggled) => setOpen(toggled.currentTarget.open)}
      >
        <summary>
          <Icon name={ICONS[text(call?.body.kind)] ?? "other"} />
          <b>{name}</b>
          <span class="tool-text">{line(event.text ?? "")}</span>
          <span class="tool-meta">
            {diff ? <Counts diff={diff} /> : null}
            <Outcome result={result} decision={decision} />
          </span>
        </summary>
        {open ? <ToolBody tool={tool} name={name} diff={diff} /> : null}
      </details>
      {feedback ? <p class={`feedback${bad ? " feedback-bad" : ""}`}>“{feedback}”</p> : null}
    </>
  );
}

function Counts({ diff }: { diff: Diff }) {
  return (
    <span class="counts">
      <span class="plus">+{diff.added}</span> <span class="minus">−{diff.removed}</span>
    </span>
  );
}

/** `exit 1 · 4.2 s`, `rejected by user`, `running`. */
function Outcome({
  result,
  decision,
}: {
  result: StoredEvent | undefined;
  decision: StoredEvent | undefined;
}) {
  const { store } = useDesk();
  if (!result) {
    const open = ["working", "needs_human"].includes(store.session.value.state);
    if (decision?.body.decision === "reject") return <span class="bad">rejected</span>;
    return <span class={open ? "running" : ""}>{open ? "running" : "no result"}</span>;
  }
  const status = text(result.body.status) || "completed";
  const exit = /^(?:Error: )?Exit code (\d+)/.exec(said(result.body.output).slice(0, 40))?.[1];
  const code = exit ?? record(result.body.structured).exitCode;
  const ms = field.number(result.body.durationMs);
  const by = text(decision?.body.by);
  const words = [
    status === "completed" || (status === "failed" && code !== undefined)
      ? ""
      : `${status}${by ? ` by ${by}` : ""}`,
    code === undefined || code === 0 || code === "0" ? "" : `exit ${String(code)}`,
    ms ? duration(ms) : "",
  ].filter(Boolean);
  return (
    <span class={status === "completed" ? "good" : "bad"}>
      {words.join(" · ")}
      {status === "completed" ? <Icon name="check" label="completed" /> : null}
    </span>
  );
}
