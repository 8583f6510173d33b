import type { Agent } from "./agent.ts";

/** The coding agents Polaris understands. */
export const AGENTS: Agent[] = [];
