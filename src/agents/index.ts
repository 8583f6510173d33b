import type { Agent } from "./agent.ts";
import { claude } from "./claude/index.ts";

/** Every coding agent that can be recorded. */
export const AGENTS: readonly Agent[] = [claude];

/** By its name in `HookCall.agent`. */
export const agentNamed = (name: string): Agent | undefined =>
  AGENTS.find((agent) => agent.name === name);
