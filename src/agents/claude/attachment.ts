import type { Event } from "../../wire/event.ts";
import { list, number, record, string, time } from "../fields.ts";
import { adviceIn } from "./advice.ts";
import { advised, messageOf } from "./envelope.ts";
import { contentOf } from "./media.ts";
import { listed, received } from "./prompt.ts";
import { driver, other, type Scene, tell } from "./scene.ts";

/** What the client adds to the model's prompt by itself: the vendor's words or settings, not the session's. */
const PROMPT_MATERIAL = new Set([
  "agent_listing_delta",
  "attention_budget",
  "auto_mode",
  "auto_mode_exit",
  "batching_reminder",
  "batching_reminder_sent",
  "command_permissions",
  "compact_file_reference",
  "context_sections",
  "critical_system_reminder",
  "date",
  "date_change",
  "deferred_tools_delta",
  "deferred_tools_record",
  "diagnostics",
  "dynamic_skill",
  "environment",
  "first_week",
  "instruction_files_not_loaded",
  "instructions",
  "invoked_skills",
  "language",
  "linked_plugin_tools_note",
  "mcp_dropped_tools_delta",
  "mcp_instructions_delta",
  "model",
  "nested_memory",
  "output_limit_note",
  "output_style_instructions",
  "plan_file_reference",
  "plan_mode",
  "plan_mode_exit",
  "plan_mode_reentry",
  "plugin_note",
  "proactivity",
  "prompt_render_point",
  "prompt_snapshot",
  "read_truncation_notice",
  "relevant_memories",
  "remote_session_change",
  "sandbox_instructions",
  "secondary_reminder",
  "secondary_reminder_sent",
  "session_context",
  "silent_turn_reminder",
  "skill_listing",
  "task_reminder",
  // Background work that a compaction would make the model forget; its end is told when it comes.
  "task_status",
  "todo_reminder",
  "total_tokens_reminder",
  "ultra_effort_enter",
  "ultra_effort_exit",
]);

/** What a person added to a prompt by naming it, or did in the editor: told by its name, its content is not kept. */
const ATTACHED = new Set([
  "already_read_file",
  "directory",
  "edited_text_file",
  "file",
  "mcp_resource",
  "opened_file_in_ide",
  "pdf_reference",
  "selected_lines_in_diff",
  "selected_lines_in_ide",
]);

/** An `attachment` line: a prompt that came while a turn was running, or what a hook did. */
export function readAttachment(scene: Scene): Event[] {
  const attachment = record(scene.line.attachment);
  const type = string(attachment.type, 64) ?? "";
  if (PROMPT_MATERIAL.has(type)) return [];
  if (type === "queued_command") return [queued(scene)];
  if (ATTACHED.has(type)) return [attached(scene, type)];
  if (type === "hook_permission_decision") return [decided(scene)];
  if (HOOK.test(type)) return hooked(scene, type);
  return [other(scene, `attachment/${type}`)];
}

const HOOK =
  /^(?:async_hook_response(?:_batch)?|hook_(?:success|(?:non_)?blocking_error|error_during_execution|additional_context|system_message|cancelled|stopped_continuation))$/;

function attached(scene: Scene, type: string): Event {
  const { filename, path, uri, displayPath, lineStart, lineEnd } = record(scene.line.attachment);
  const whole = string(filename, 4096) ?? string(path, 4096) ?? string(uri, 4096);
  return tell(scene, "notice", {
    text: string(displayPath, 4096) ?? whole ?? type,
    body: {
      kind: "attached",
      type,
      path: whole,
      from: number(lineStart),
      to: number(lineEnd),
    },
  });
}

function queued(scene: Scene): Event {
  const attachment = record(scene.line.attachment);
  const content = contentOf(attachment.prompt);
  const at = { ...scene, at: time(attachment.timestamp) ?? scene.at };
  const message = messageOf(content.text, record(attachment.origin), scene.people);
  if (message) return received(at, message, true);
  return tell(at, "user.message", {
    sender: driver(scene.people),
    text: content.text,
    body: { origin: "user", queued: true, images: listed(content.images) },
  });
}

/** A hook of whoever installed one; one that ran and said nothing is no news. */
function hooked(scene: Scene, type: string): Event[] {
  const attachment = record(scene.line.attachment);
  // What a Stop hook objects to comes again in the summary of the turn.
  const isStop = attachment.hookEvent === "Stop" || attachment.hookEvent === "SubagentStop";
  if (type === "hook_blocking_error" && isStop) return [];
  const blocking = record(attachment.blockingError);
  const text = [
    string(attachment.content) ?? list(attachment.content).filter(isText).join("\n"),
    string(attachment.stderr),
    string(blocking.blockingError) ?? string(attachment.blockingError),
  ]
    .filter(Boolean)
    .join("\n");
  // Our own hook's words are a teammate's.
  const advice = type === "hook_success" ? [] : adviceIn(text);
  if (advice.length > 0) return advice.map((one) => received(scene, advised("hook", one)));
  if (!text && (type === "hook_success" || type.startsWith("async"))) return [];
  return [
    tell(scene, "notice", {
      text: text || `${string(attachment.hookName) ?? "A hook"}: ${type.replace("hook_", "")}`,
      body: {
        kind: type,
        hook: string(attachment.hookName),
        event: string(attachment.hookEvent),
        callId: string(attachment.toolUseID),
        exitCode: number(attachment.exitCode),
      },
    }),
  ];
}

const isText = (value: unknown): boolean => typeof value === "string";

function decided(scene: Scene): Event {
  const attachment = record(scene.line.attachment);
  const isAllowed = attachment.decision === "allow" || attachment.decision === "accept";
  return tell(scene, "permission.decision", {
    body: {
      callId: string(attachment.toolUseID),
      decision: isAllowed ? "accept" : "reject",
      by: "hook",
      source: string(attachment.hookName) ?? string(attachment.hookEvent),
    },
  });
}
