import { uuid5 } from "../../lib/uuid.ts";

/** The namespace of everything Claude Code says. Never change it: the same fact must keep its id for ever. */
const CLAUDE = "0d6f2a53-93d4-4c9e-9a43-8f3f6f1f6f0e";

/** JSON as separator: no two lists of parts give the same name, whatever is in them. */
const idOf = (...parts: (string | number)[]): string => uuid5(CLAUDE, JSON.stringify(parts));

/** Part of a transcript line. Forked sessions copy old lines with their old uuids: the copies keep their ids. */
export const lineId = (uuid: string, kind: string, index: number): string =>
  idOf("line", uuid, kind, index);

/** A line without uuid: what it says, where. */
export const contentId = (session: string, kind: string, content: string): string =>
  idOf("content", session, kind, content);

/**
 * A tool call or its result: the same through hook and transcript. The session belongs to it, because only the
 * vendor's own service gives ids that are unique in the world; gateways to other models count `call_1`, `call_2`.
 */
export const callId = (session: string, toolUse: string, part: "call" | "result"): string =>
  idOf("tool", session, toolUse, part);

/** Advice that entered a conversation: one fact, whichever line or hook tells it. */
export const adviceId = (injection: string): string => idOf("advice", injection);

/** Tokens are counted once per message of the model, whatever number of lines it takes. */
export const usageId = (session: string, message: string): string =>
  idOf("usage", session, message);

/** What a hook says about a turn, in these words: two hooks that say the same give one event. */
export const turnId = (turn: string, kind: string, text: string): string =>
  idOf("turn", turn, kind, text);

/** What only this one hook call says. */
export const hookId = (call: string, kind: string, index = 0): string =>
  idOf("hook", call, kind, index);
