/** @jsxImportSource preact */
import type { ComponentChildren } from "preact";
import { Icon } from "../../parts/icon.tsx";
import { line, text } from "../field.ts";
import type { Item, Lane } from "../fold.ts";
import { anchor } from "./head.tsx";
import { Still } from "./still.ts";

/** A subagent's own events, indented under one line that says who works on what. */
export function LaneView({ lane, draw }: { lane: Lane; draw: (item: Item) => ComponentChildren }) {
  const { start, end, items } = lane;
  const event = start ?? end;
  const type = text(start?.body.agentType) || text(end?.body.agentType) || "Subagent";
  const what = text(start?.body.description) || start?.text || end?.text || "";
  const tools = items.filter((item) => item.type === "tool").length;
  return (
    <details class="tool lane" {...(event ? { id: anchor(event) } : {})}>
      <summary>
        <Icon name="subagent" />
        <b>{type}</b>
        <span class="tool-text">{line(what)}</span>
        <span class="tool-meta">
          {tools} {tools === 1 ? "tool call" : "tool calls"}
          {end ? <Icon name="check" label="finished" /> : null}
        </span>
      </summary>
      <div class="lane-body">
        {items.map((item) => (
          <Still key={item.key} of={item} version={item.version} draw={() => draw({ ...item })} />
        ))}
      </div>
    </details>
  );
}
