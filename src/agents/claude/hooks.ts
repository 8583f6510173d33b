import type { Shape } from "../fields.ts";
import { lifeHooks } from "./hooks-life.ts";
import { toolHooks } from "./hooks-tool.ts";
import { turnHooks } from "./hooks-turn.ts";
import type { Moment, Saying } from "./moment.ts";

/** How one event of the agent is read; undefined when the payload lacks what it is about. */
export interface Hook {
  /** The event's own fields with their types; others are kept in `body.extra`. */
  fields: Readonly<Record<string, Shape>>;
  read(moment: Moment): Saying | undefined;
}

/** All 33 events of Claude Code 2.1.329. */
export const HOOKS: Readonly<Record<string, Hook>> = { ...lifeHooks, ...turnHooks, ...toolHooks };
