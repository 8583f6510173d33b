import type { Event } from "../../wire/event.ts";
import { string } from "../fields.ts";
import { adviceIn } from "./advice.ts";
import { textOf } from "./result.ts";

/** However the server of our tools is called in this installation. */
const INBOX = /^mcp__.*polaris.*__polaris_inbox$/;

/**
 * What stands in the result of polaris_inbox stands in the conversation. In the result of another tool (a search
 * through old sessions, a file) it is no delivery.
 */
export function givenIn({ kind, body }: Event): string[] {
  if (kind !== "tool.result" || !INBOX.test(string(body.name) ?? "")) return [];
  return adviceIn(textOf(body.output)).map(({ id }) => id.toLowerCase());
}
