import type { Sign } from "../agent.ts";
import { parse, string } from "../fields.ts";

/** Not parsed unless it is one of these: most lines of a transcript are none. */
const QUEUE = /"type":"queue-operation"|"subtype":"informational"/;
const OURS = [
  /^<cross-session-message from="polaris:([0-9a-f-]{36})"/,
  /^<channel [^>]*message_id="([0-9a-f-]{36})"/,
  /<polaris-advice>[^>]*\nId: ([0-9a-f-]{36})\n/,
];

/**
 * The client writes down what enters its queue of messages and what leaves it. Entering is the sign that it has one and
 * will read it, however long a tool runs before. Leaving is no sign that it was read: that has a line of its own. Where
 * `crossSessionInbound` is "hold" it says so; where it is "refuse" it says nothing at all (seen with 2.1.329).
 */
export function signs(line: string): Sign[] {
  if (!QUEUE.test(line)) return [];
  const { type, operation, content, reason } = parse(line) ?? {};
  const words = string(content) ?? "";
  if (type === "system") return HELD.test(words) ? [{ is: "held" }] : [];
  if (type !== "queue-operation") return [];
  const injection = OURS.map((form) => form.exec(words)?.[1]).find(Boolean);
  if (!injection) return [];
  if (operation === "enqueue") return [{ injection, is: "taken" }];
  // "absorbed_mid_turn": the model reads it with its next request.
  const isRead = operation !== "remove" || reason === "absorbed_mid_turn";
  return isRead ? [] : [{ injection, is: "dropped" }];
}

const HELD = /^Held peer message\b.*\bvia polaris\b/;
