import { PolarisError } from "../wire/error.ts";
import type { Agent } from "./agent.ts";

export const AGENTS: Agent[] = [];

export function agentNamed(name: string): Agent {
  const agent = AGENTS.find((agent) => agent.name === name);
  if (!agent) throw new PolarisError("invalid_input", `There is no agent "${name}".`);
  return agent;
}
