import type { Event } from "../../wire/event.ts";
import { list, number, record, string } from "../fields.ts";
import { readLocal } from "./prompt.ts";
import { other, type Scene, tell } from "./scene.ts";

/** Subtypes that are one sentence for the person at the keyboard; the names and the field are the client's own. */
const NOTICES = new Set([
  "away_summary",
  "bridge_status",
  "model_consent_fallback",
  "model_fallback",
  "model_refusal_fallback",
  "model_refusal_no_fallback",
  "permission_retry",
  "scheduled_task_fire",
]);

/** A `system` line: what the client tells about itself. */
export function readSystem(scene: Scene): Event[] {
  const { line } = scene;
  const content = string(line.content) ?? "";
  switch (line.subtype) {
    case "turn_duration":
      return [tell(scene, "usage", { body: { durationMs: number(line.durationMs) } })];
    case "api_error":
      return [retried(scene)];
    case "compact_boundary":
      return [compacted(scene)];
    case "local_command":
      return readLocal(scene, content) ?? said(scene, "local_command", content);
    case "informational":
      return said(scene, "informational", content);
    case "stop_hook_summary":
      return said(scene, "stop_hook", list(line.hookErrors).map(errorText).join("\n"));
    default: {
      const subtype = string(line.subtype, 64) ?? "";
      if (NOTICES.has(subtype) && content) return said(scene, subtype, content);
      return [other(scene, `system/${subtype}`)];
    }
  }
}

const errorText = (error: unknown): string =>
  typeof error === "string" ? error : JSON.stringify(error);

const said = (scene: Scene, kind: string, text: string): Event[] =>
  text ? [tell(scene, "notice", { text, body: { kind, level: scene.line.level } })] : [];

/** A request failed and is tried again. */
function retried(scene: Scene): Event {
  const { line } = scene;
  const error = record(line.error);
  return tell(scene, "error", {
    text: string(error.formatted) ?? string(error.message) ?? "The model's service failed",
    body: {
      status: number(error.status),
      retryInMs: number(line.retryInMs),
      attempt: number(line.retryAttempt),
      attempts: number(line.maxRetries),
      networkDown: error.isNetworkDown === true || undefined,
    },
  });
}

function compacted(scene: Scene): Event {
  const about = record(scene.line.compactMetadata);
  return tell(scene, "compaction.end", {
    text: string(scene.line.content),
    body: {
      trigger: string(about.trigger) ?? "auto",
      preTokens: number(about.preTokens),
      postTokens: number(about.postTokens),
      durationMs: number(about.durationMs),
    },
  });
}
