/**
 * Where the members of a JSON object stand in its text, so that one of them can be changed and every other byte stays:
 * people keep order, indentation and line ends of their settings, and a re-serialised object loses all three.
 */
export interface Member {
  key: string;
  /** Where the name's opening quote stands. */
  start: number;
  valueStart: number;
  valueEnd: number;
}

export interface Members {
  /** Just after the opening brace. */
  open: number;
  /** Where the closing brace stands. */
  close: number;
  members: Member[];
}

/** Undefined when the text is no JSON or holds no object at `from`. */
export function membersOf(text: string, from = 0): Members | undefined {
  try {
    JSON.parse(from === 0 ? text.replace(/^\uFEFF/, "") : text.slice(from, valueEnd(text, from)));
  } catch {
    return undefined;
  }
  // From here on the text is known to be JSON, so the scan need not look for mistakes.
  let at = blank(text, from);
  if (text[at] !== "{") return undefined;
  const open = ++at;
  const members: Member[] = [];
  for (;;) {
    at = blank(text, at);
    if (text[at] === ",") at = blank(text, at + 1);
    if (text[at] === "}" || at >= text.length) return { open, close: at, members };
    const start = at;
    at = valueEnd(text, at);
    const key: unknown = JSON.parse(text.slice(start, at));
    const valueStart = blank(text, blank(text, at) + 1);
    at = valueEnd(text, valueStart);
    members.push({ key: String(key), start, valueStart, valueEnd: at });
  }
}

/** JSON's four kinds of white space, and a byte order mark at the beginning. */
function blank(text: string, from: number): number {
  let at = from;
  while (at < text.length && " \t\r\n\uFEFF".includes(text.charAt(at))) at++;
  return at;
}

function valueEnd(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '"') at = stringEnd(text, at);
    else if (char === "{" || char === "[") depth++;
    else if (char === "}" || char === "]") {
      if (depth === 0) return at;
      depth--;
    } else if (depth === 0 && ",: \t\r\n".includes(char)) return at;
    if (depth === 0 && ('"}]'.includes(char) || at === text.length - 1)) return at + 1;
  }
  return text.length;
}

/** The place of the closing quote. */
function stringEnd(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}

export const replaced = (text: string, start: number, end: number, put: string): string =>
  text.slice(0, start) + put + text.slice(end);

/** Without the member at `index` and the comma that belonged to it. */
export function without(text: string, { members }: Members, index: number): string {
  const member = members[index];
  if (!member) return text;
  const next = members[index + 1];
  if (next) return replaced(text, member.start, next.start, "");
  const before = members[index - 1];
  return replaced(text, before ? before.valueEnd : member.start, member.valueEnd, "");
}
