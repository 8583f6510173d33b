import { uuid5 } from "../../lib/uuid.ts";
import type { Resumable } from "../agent.ts";
import { defined, type Json, number } from "../fields.ts";
import { RETOLD } from "./known.ts";
import { startTurns, type Turn } from "./turns.ts";

/** Of lines that no event stands for alone. Never the agent's own: they are not to be taken for its lines. */
const NAMESPACE = "0198d2c4-5b1e-7c60-9f0a-3d0c6a51e7b8";
/** The form of the lines; every version since has read it. */
const VERSION = "2.1.329";
/** As the client names folders of projects: longer names are cut, and a hash of the whole keeps them apart. */
const LONGEST = 200;

/** How Claude Code goes on with a conversation, its own or one that it is told again. */
export const resumes: Resumable = {
  command: (agentSession) => `claude --resume ${agentSession}`,
  path: (cwd, agentSession) => `${folderOf(cwd)}/${agentSession}.jsonl`,
  retell(agentSession, cwd) {
    const { take, turns } = startTurns();
    return {
      take,
      finish(preface) {
        const all = turns();
        const [first] = all;
        const lines = startLines(agentSession, cwd);
        if (first) lines.add({ ...first, role: "user", isMeta: true, content: [says(preface)] });
        for (const turn of all) {
          lines.add(turn);
          if (turn.calls.length > 0) lines.add(resultsOf(turn));
        }
        return { lines: lines.all, messages: all.filter(({ isMeta }) => !isMeta).length };
      },
    };
  },
};

function folderOf(cwd: string): string {
  const name = cwd.replace(/[^a-zA-Z0-9]/g, "-");
  if (name.length <= LONGEST) return name;
  let hash = 0;
  for (let at = 0; at < cwd.length; at++) hash = ((hash << 5) - hash + cwd.charCodeAt(at)) | 0;
  return `${name.slice(0, LONGEST)}-${Math.abs(hash).toString(36)}`;
}

const says = (text: string): Json => ({ type: "text", text });

/** A call that nobody answered was interrupted, or its answer is not in the record: an answer it needs all the same. */
function resultsOf({ calls, ...turn }: Turn): Omit<Turn, "calls"> {
  const content = calls.map(({ id, result }) => {
    const none = { type: "tool_result", tool_use_id: id, content: "(No result was recorded.)" };
    return result ?? { ...none, is_error: true };
  });
  return { ...turn, role: "user", content };
}

/** The lines of a transcript, each the child of the one before. */
function startLines(sessionId: string, cwd: string) {
  const all: string[] = [];
  let parentUuid: string | null = null;
  return {
    all,
    add(turn: Omit<Turn, "calls">): void {
      const uuid = uuid5(NAMESPACE, `${sessionId} ${all.length}`);
      const line = {
        parentUuid,
        isSidechain: false,
        type: turn.role,
        message: turn.role === "user" ? heard(turn) : said(turn),
        ...(turn.isMeta ? { isMeta: true } : {}),
        uuid,
        timestamp: turn.at,
        userType: "external",
        cwd,
        sessionId,
        version: VERSION,
        gitBranch: "",
        // An event of the record already, and never to be another one, also where a fork copies it.
        [RETOLD]: turn.id,
      };
      all.push(JSON.stringify(line));
      parentUuid = uuid;
    },
  };
}

/** Words alone are a string, as the client writes a prompt. */
function heard({ content }: Pick<Turn, "content">): Json {
  const [first] = content;
  const isWords = content.length === 1 && first?.type === "text";
  return { role: "user", content: isWords ? first.text : content };
}

function said({ id, content, messageId, model, usage = {} }: Omit<Turn, "calls">): Json {
  return {
    id: messageId ?? `msg_${id.replaceAll("-", "")}`,
    type: "message",
    role: "assistant",
    model: model ?? "claude",
    content,
    stop_reason: content.some(({ type }) => type === "tool_use") ? "tool_use" : "end_turn",
    stop_sequence: null,
    // By the last one the client knows how full its context is.
    usage: defined({
      input_tokens: number(usage.inputTokens) ?? 0,
      output_tokens: number(usage.outputTokens) ?? 0,
      cache_read_input_tokens: number(usage.cacheReadTokens),
      cache_creation_input_tokens: number(usage.cacheWriteTokens),
    }),
  };
}
