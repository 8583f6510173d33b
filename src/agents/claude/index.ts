import type { Agent } from "../agent.ts";
import { frame, greeting, hookOutput, message, wake } from "./advice.ts";
import { readHook } from "./hook.ts";
import { givenIn } from "./inbox.ts";
import { signs } from "./queue.ts";
import { resumes } from "./retell.ts";
import { sample } from "./sample.ts";
import { readLine } from "./transcript.ts";

/** Claude Code, as recorded from version 2.1.329. */
export const claude: Agent = {
  name: "claude",
  participant: "agent:claude",
  readHook,
  readLine,
  subagentsFolder: (transcript) =>
    transcript.endsWith(".jsonl")
      ? `${transcript.slice(0, -".jsonl".length)}/subagents`
      : undefined,
  transcripts: (home, env) => `${env.CLAUDE_CONFIG_DIR || `${home}/.claude`}/projects`,
  advice: { frame, message, hookOutput, wake, greeting, signs, givenIn },
  resumes,
  sample,
};
