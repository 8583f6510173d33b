import { appendFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { callHook } from "../helpers/agent.ts";

/** One thing the transcript says. `key` is unique in the whole run. */
export interface Said {
  key: string;
  turn: string;
}

/** What one session has said, in order, and the turns it has ended. */
export interface Written {
  name: string;
  project: string;
  said: Said[];
  ended: string[];
}

export interface Stage {
  name: string;
  project: string;
  home: string;
  cwd: string;
  env: Record<string, string>;
  pid: number;
  /** Lines to write, and how many of them make a turn. */
  lines: number;
  turn: number;
  /** Called before every line; the writer goes on when it resolves. */
  pace: () => Promise<void>;
}

/**
 * One agent session as Claude Code makes it: hooks are processes of their own, the transcript grows line by line.
 * Every line says something unique and numbered, so that afterwards one can tell what is missing, doubled or moved.
 */
export async function write(stage: Stage): Promise<Written> {
  const { name, project, cwd, home, lines } = stage;
  const session = Bun.randomUUIDv7();
  const folder = join(home, ".claude/projects", cwd.replace(/[^a-z0-9]/gi, "-"));
  const transcript = join(folder, `${session}.jsonl`);
  mkdirSync(dirname(transcript), { recursive: true });
  const about = { session_id: session, transcript_path: transcript, cwd };
  const hook = (event: string, more: object = {}) =>
    callHook(stage.env, { ...about, hook_event_name: event, ...more }, stage.pid);
  const written: Written = { name, project, said: [], ended: [] };

  await hook("SessionStart", { source: "startup" });
  for (let at = 0; at < lines; ) {
    const turn = crypto.randomUUID();
    // The last turn takes the rest: a turn has a prompt and an answer at least.
    const end = lines - at < stage.turn + 2 ? lines : at + stage.turn;
    const first = at;
    let hooks: Promise<void> | undefined;
    for (; at < end; at++) {
      await stage.pace();
      const { kind, type, text, content } = lineOf(name, at, first, end);
      // The agent waits for neither hook: each may be there before its line or after it.
      if (at === first) hooks = hook("UserPromptSubmit", { prompt: text, prompt_id: turn });
      if (at === end - 1) {
        await hooks;
        hooks = hook("Stop", { prompt_id: turn, last_assistant_message: text });
      }
      const line = {
        type,
        uuid: crypto.randomUUID(),
        sessionId: session,
        promptId: turn,
        timestamp: new Date().toISOString(),
        version: "2.1.329",
        cwd,
        message: { id: `msg_${name}_${at}`, role: type, model: "double", content },
        ...(at === first ? { promptSource: "typed" } : {}),
      };
      appendFileSync(transcript, `${JSON.stringify(line)}\n`);
      written.said.push({ key: `${kind} ${text}`, turn });
    }
    await hooks;
    written.ended.push(turn);
  }
  await hook("SessionEnd", { reason: "other" });
  return written;
}

/** A turn: a prompt, then words, calls and their results by turns, and words at the end. */
function lineOf(name: string, at: number, first: number, end: number) {
  const text = `${name} line ${at}`;
  if (at === first) return { kind: "user.message", type: "user", text, content: text };
  const part = (at - first) % 3;
  if (part === 2 && at + 2 < end) {
    const content = [
      { type: "tool_use", id: `toolu_${name}_${at}`, name: "Bash", input: { command: text } },
    ];
    return { kind: "tool.call", type: "assistant", text, content };
  }
  if (part === 0 && at + 1 < end) {
    const tool_use_id = `toolu_${name}_${at - 1}`;
    const content = [{ type: "tool_result", tool_use_id, content: text }];
    return { kind: "tool.result", type: "user", text, content };
  }
  return { kind: "agent.message", type: "assistant", text, content: [{ type: "text", text }] };
}
