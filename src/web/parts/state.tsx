/** @jsxImportSource preact */
import type { State } from "../../wire/session.ts";
import { Icon } from "./icon.tsx";
import type { ShapeName } from "./shapes.ts";

/** The same words everywhere: web, Slack card, status line, CLI. */
export const STATE_WORDS: Record<State, string> = {
  needs_human: "needs a human",
  working: "working",
  idle: "idle",
  finished: "finished",
  failed: "failed",
  paused: "paused",
};

const ICONS: Record<State, ShapeName> = {
  needs_human: "hand",
  working: "working",
  idle: "idle",
  finished: "finished",
  failed: "failed",
  paused: "paused",
};

export function StateMark({ state }: { state: State }) {
  return (
    <span class={`state state-${state}`}>
      <Icon name={ICONS[state]} />
      {STATE_WORDS[state]}
    </span>
  );
}
