import { type Members, membersOf, replaced, without } from "../lib/members.ts";
import type { Wrapped } from "./installed.ts";

/** The edit of one settings text; what else it needs to know of the file is the caller's. */
export type Edit = Pick<Wrapped, "kind" | "before" | "after" | "ours" | "command"> & {
  text: string;
};

const KEY = "statusLine";

/** Undefined when the text is no JSON object. */
export function wrap(text: string, ours: string): Edit | undefined {
  const top = membersOf(text);
  if (!top) return undefined;
  const line = top.members.findLast(({ key }) => key === KEY);
  if (!line) return insert(text, top, ours);
  const command = commandOf(text);
  // Their padding and refresh interval stay theirs.
  if (command) {
    const { start, end, value } = command;
    const after = JSON.stringify(ours);
    const before = text.slice(start, end);
    const whole = replaced(text, start, end, after);
    return { text: whole, kind: "command", before, after, ours, command: value };
  }
  const after = lineOf(ours);
  const before = text.slice(line.valueStart, line.valueEnd);
  const whole = replaced(text, line.valueStart, line.valueEnd, after);
  return { text: whole, kind: "value", before, after, ours, command: null };
}

/** The text as it was before `wrapped`; as it is when our line is not in it any more. */
export function unwrap(
  text: string,
  wrapped: Omit<Wrapped, "file" | "backup" | "created">,
): string {
  if (currentCommand(text) !== wrapped.ours) return text;
  const top = membersOf(text);
  const index = top?.members.findLastIndex(({ key }) => key === KEY) ?? -1;
  const line = top?.members[index];
  if (!top || !line) return text;
  if (wrapped.kind === "inserted") {
    const exact = text.split(wrapped.after);
    const [head = "", tail = ""] = exact;
    if (exact.length === 2 && membersOf(head + tail)) return head + tail;
    return without(text, top, index);
  }
  if (wrapped.kind === "value")
    return replaced(text, line.valueStart, line.valueEnd, wrapped.before);
  const command = commandOf(text);
  return command ? replaced(text, command.start, command.end, wrapped.before) : text;
}

/** The command of the status line that is set now. */
export const currentCommand = (text: string): string | undefined => commandOf(text)?.value;

/** Ours by its looks, wherever the executable lay when it was written. */
export const looksOurs = (command: string): boolean =>
  /(polaris|main\.ts)[^\s']*'?( --polaris-home .+)? statusline$/.test(command);

function insert(text: string, { open, members }: Members, ours: string): Edit {
  const last = members.at(-1);
  const member = (space: string) => `"${KEY}":${space}${lineOf(ours)}`;
  const edit = { kind: "inserted", before: "", ours, command: null } as const;
  if (!last) {
    const end = text.includes("\r\n") ? "\r\n" : "\n";
    const after = `${end}  ${member(" ")}${end}`;
    return { ...edit, after, text: replaced(text, open, open, after) };
  }
  // As the last member before it is set: on a line of its own where they are.
  const gapStart = members.at(-2) ? text.indexOf(",", members.at(-2)?.valueEnd) + 1 : open;
  const after = `,${text.slice(gapStart, last.start)}${member(" ")}`;
  return { ...edit, after, text: replaced(text, last.valueEnd, last.valueEnd, after) };
}

const lineOf = (ours: string): string =>
  `{ "type": "command", "command": ${JSON.stringify(ours)}, "padding": 0, "refreshInterval": 5 }`;

function commandOf(text: string): { start: number; end: number; value: string } | undefined {
  const line = membersOf(text)?.members.findLast(({ key }) => key === KEY);
  const inner = line && membersOf(text, line.valueStart);
  const command = inner?.members.findLast(({ key }) => key === "command");
  if (!command) return undefined;
  const value: unknown = JSON.parse(text.slice(command.valueStart, command.valueEnd));
  if (typeof value !== "string") return undefined;
  return { start: command.valueStart, end: command.valueEnd, value };
}
