import type { Sign } from "../agent.ts";
import { parse, string } from "../fields.ts";

/** Not parsed unless it is one of these: most lines of a transcript are none. */
const QUEUE = /^\s*\{"type":"queue-operation"/;
const OURS = /^<cross-session-message from="polaris:([0-9a-f-]{36})"/;
const CHANNEL = /^<channel [^>]*message_id="([0-9a-f-]{36})"/;

/**
 * The client writes down what enters its queue of messages and what leaves it. Entering is the sign that it has one and
 * will read it, however long a tool runs before. Leaving is no sign that it was read: that has a line of its own.
 */
export function signs(line: string): Sign[] {
  if (!QUEUE.test(line)) return [];
  const { operation, content = "", reason } = parse(line) ?? {};
  const words = string(content) ?? "";
  const [, injection] = OURS.exec(words) ?? CHANNEL.exec(words) ?? [];
  if (!injection) return [];
  if (operation === "enqueue") return [{ injection, is: "taken" }];
  // "absorbed_mid_turn": the model reads it with its next request.
  return operation === "remove" && reason !== "absorbed_mid_turn"
    ? [{ injection, is: "dropped" }]
    : [];
}
