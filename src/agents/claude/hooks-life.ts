import { string } from "../fields.ts";
import { BELL } from "./advice.ts";
import type { Hook } from "./hooks.ts";
import { fact, notice } from "./moment.ts";

const STARTS = ["startup", "resume", "clear", "compact", "fork"] as const;

/** The session and its surroundings: its start and end, its directory, its model, its context. */
export const lifeHooks: Readonly<Record<string, Hook>> = {
  SessionStart: {
    fields: {
      source: "string",
      model: "string",
      seconds_since_last_response: "number",
      context_tokens: "number",
      prompt_cache_likely_expired: "boolean",
      estimated_cache_write_usd: "number",
    },
    read(moment) {
      const { source, model, cwd, session_title, context_tokens } = moment.payload;
      const start = STARTS.find((known) => known === source);
      const body = {
        source,
        model,
        cwd,
        title: string(session_title),
        contextTokens: context_tokens,
      };
      // After a compaction the turn goes on; only its own line in the transcript ends it.
      return {
        ...(start ? { start } : {}),
        facts: [fact(moment, "now", "session.start", { body })],
      };
    },
  },
  SessionEnd: {
    fields: { reason: "string" },
    read: (moment) => ({
      ended: true,
      turn: "close",
      facts: [
        fact(moment, "quiet", "session.end", {
          body: { reason: string(moment.payload.reason) ?? "other" },
        }),
      ],
    }),
  },
  Setup: {
    fields: { trigger: "string" },
    read: (moment) => notice(moment, "setup", moment.payload.trigger, {}, "Setup"),
  },
  CwdChanged: {
    fields: { old_cwd: "string", new_cwd: "string" },
    read(moment) {
      const { old_cwd, new_cwd } = moment.payload;
      const cwd = string(new_cwd, 4096);
      const saying = notice(moment, "cwd", new_cwd, { from: old_cwd, to: new_cwd, cwd });
      return saying && cwd ? { ...saying, cwd } : undefined;
    },
  },
  DirectoryAdded: {
    fields: { directory: "string", source: "string" },
    read: (moment) => notice(moment, "directory", moment.payload.directory),
  },
  PostModelSwitch: {
    fields: {
      from_model: "string",
      to_model: "string",
      requested_model: "string",
      source: "string",
      context_tokens: "number",
      prompt_cache_warm: "boolean",
      cache_ttl: "any",
      estimated_cache_write_usd: "number",
      pricing: "any",
    },
    read(moment) {
      const { from_model, to_model } = moment.payload;
      return notice(moment, "model", to_model, { from: from_model, to: to_model });
    },
  },
  PreCompact: {
    fields: { trigger: "string", custom_instructions: "string" },
    read: (moment) => ({
      facts: [
        fact(moment, "now", "compaction.start", {
          text: string(moment.payload.custom_instructions),
          body: { trigger: string(moment.payload.trigger) ?? "auto" },
        }),
      ],
    }),
  },
  PostCompact: {
    fields: { trigger: "string", compact_summary: "string" },
    read: (moment) => ({
      facts: [
        fact(moment, "unseen", "compaction.end", {
          text: string(moment.payload.compact_summary),
          body: { trigger: string(moment.payload.trigger) ?? "auto" },
        }),
      ],
    }),
  },
  SubagentStart: {
    fields: {},
    read(moment) {
      const { agent_id, agent_type } = moment.payload;
      const agentId = string(agent_id, 128);
      if (!agentId) return undefined;
      const body = { agentId, agentType: string(agent_type) };
      const start = fact(moment, "called", "subagent.start", { body });
      return { turn: "open", facts: [{ ...start, tools: ["Agent", "Task"] }] };
    },
  },
  SubagentStop: {
    fields: {
      stop_hook_active: "boolean",
      agent_transcript_path: "string",
      last_assistant_message: "string",
      background_tasks: "list",
      session_crons: "list",
    },
    read(moment) {
      const { agent_id, agent_type, last_assistant_message } = moment.payload;
      const agentId = string(agent_id, 128);
      if (!agentId) return undefined;
      // A compaction ends with a nameless subagent that never started.
      if (agent_type === "") return { facts: [] };
      const text = string(last_assistant_message);
      const end = fact(moment, "quiet", "subagent.end", {
        body: { agentId, agentType: string(agent_type) },
      });
      return { facts: text ? [fact(moment, "unseen", "agent.message", { text }), end] : [end] };
    },
  },
  TaskCreated: task("task_created"),
  TaskCompleted: task("task_completed"),
  TeammateIdle: {
    fields: { teammate_name: "string", team_name: "string" },
    read: (moment) =>
      notice(moment, "teammate_idle", moment.payload.teammate_name, {}, "A teammate is idle"),
  },
  WorktreeCreate: {
    fields: { name: "string" },
    read: (moment) => notice(moment, "worktree_created", moment.payload.name, {}, "Worktree"),
  },
  WorktreeRemove: {
    fields: { worktree_path: "string" },
    read: (moment) =>
      notice(moment, "worktree_removed", moment.payload.worktree_path, {}, "Worktree"),
  },
  // Settings and files on the machine: nothing happened in the session.
  InstructionsLoaded: silent(),
  ConfigChange: silent(),
  FileChanged: {
    fields: { file_path: "string", event: "string" },
    read: ({ payload }) => ({
      // That it was taken away, at a session's end, is no ring.
      rung: payload.event !== "unlink" && Boolean(string(payload.file_path)?.endsWith(`/${BELL}`)),
      facts: [],
    }),
  },
  PreModelSwitch: silent(),
};

function silent(): Hook {
  return { fields: {}, read: () => ({ facts: [] }) };
}

function task(kind: string): Hook {
  return {
    fields: { task_id: "string", task_subject: "string", task_description: "string" },
    read(moment) {
      const { task_id, task_subject, task_description } = moment.payload;
      return notice(moment, kind, task_subject, { taskId: task_id, description: task_description });
    },
  };
}
