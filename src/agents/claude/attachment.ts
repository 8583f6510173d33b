import type { Event } from "../../wire/event.ts";
import { list, number, record, string, time } from "../fields.ts";
import { messageOf } from "./envelope.ts";
import { contentOf } from "./media.ts";
import { listed, received } from "./prompt.ts";
import { driver, other, type Scene, tell } from "./scene.ts";

/** What the client adds to the model's prompt by itself: the vendor's words, not the session's. */
const PROMPT_MATERIAL = new Set([
  "agent_listing_delta",
  "date",
  "deferred_tools_delta",
  "environment",
  "instructions",
  "mcp_instructions_delta",
  "model",
  "prompt_snapshot",
  "remote_session_change",
  "session_context",
  "skill_listing",
  "total_tokens_reminder",
]);

/** An `attachment` line: a prompt that came while a turn was running, or what a hook did. */
export function readAttachment(scene: Scene): Event[] {
  const attachment = record(scene.line.attachment);
  const type = string(attachment.type, 64) ?? "";
  if (PROMPT_MATERIAL.has(type)) return [];
  if (type === "queued_command") return [queued(scene)];
  if (type === "hook_permission_decision") return [decided(scene)];
  if (
    /^hook_(success|non_blocking_error|blocking_error|additional_context|cancelled)$/.test(type)
  ) {
    return hooked(scene, type);
  }
  return [other(scene, `attachment/${type}`)];
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
  const blocking = record(attachment.blockingError);
  const text = [
    string(attachment.content) ?? list(attachment.content).filter(isText).join("\n"),
    string(attachment.stderr),
    string(blocking.blockingError) ?? string(attachment.blockingError),
  ]
    .filter(Boolean)
    .join("\n");
  if (!text && type === "hook_success") return [];
  return [
    tell(scene, "notice", {
      text: text || `${string(attachment.hookName) ?? "A hook"}: ${type.slice(5)}`,
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
