import type { Span } from "./span.ts";

/**
 * A secret that is broken up on its way: by a line's end in the middle (a terminal's width, a folded header, a shell's
 * backslash, two strings with a plus), or by escapes (`\/`, `\u0041`, `%2D`). The text is read once more without what
 * stands between, and what is found there is found in the original.
 */
interface View {
  text: string;
  /** Lines were joined: what stands beside a word here may stand on another line there. */
  joined: boolean;
  /** The place in the original of a place in this text. */
  original: (at: number) => number;
}

const LINE = String.raw`["']?[ \t]{0,4}[+\\]?[ \t]{0,4}(?:\\?\r?\n|\\+r\\+n|\\+n)\s{0,200}`;
const PLUS = String.raw`["'][ \t]{0,4}\+[ \t]{0,4}["']`;
const BREAK = new RegExp(`${LINE}["']?|${PLUS}`, "g");
/** In a diff or a quotation each line has a sign before it. */
const MARKED_BREAK = new RegExp(`${LINE}[+>|#*-][ \\t]{0,4}["']?|${PLUS}`, "g");
const ESCAPE = /\\\/|\\u00([0-9A-Fa-f]{2})|\\x([0-9A-Fa-f]{2})|%([2-7][0-9A-Fa-f])/g;

export function* views(text: string): Generator<View> {
  if (isBroken(text)) {
    const joined = view(text, BREAK);
    if (joined) yield joined;
    if (/\n[ \t]{0,40}[+>|#*-]/.test(text)) {
      const unmarked = view(text, MARKED_BREAK);
      if (unmarked) yield unmarked;
    }
  }
  if (/\\[/ux]|%[2-7]/.test(text)) {
    const plain = view(text, ESCAPE, (match) => {
      const code = match[1] ?? match[2] ?? match[3];
      return code === undefined ? "/" : String.fromCharCode(Number.parseInt(code, 16));
    });
    if (plain) yield plain;
  }
}

/** What may be one word in two: together as long as a secret, and each end long enough to be a part of one. */
const SHORTEST = 20;
const END = 3;
/** Without a digit it is a longer one. */
const PLAIN = 30;

/** Whether a line's end stands in what may be one word: looked for by hand, 10 times as fast as joining all lines. */
function isBroken(text: string): boolean {
  if (/["'] {0,4}\+ {0,4}["']/.test(text)) return true;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) {
    if (isJoint(text, at, at + 1)) return true;
  }
  for (let at = text.indexOf("\\n"); at >= 0; at = text.indexOf("\\n", at + 2)) {
    if (isJoint(text, at, at + 2)) return true;
  }
  return false;
}

function isJoint(text: string, end: number, start: number): boolean {
  let left = end;
  while (left > 0 && end - left < 12 && GLUE.has(text[left - 1] ?? "")) left--;
  const before = wordAt(text, left, -1);
  if (before.length < END) return false;
  let right = start;
  while (right - start < 200 && GLUE.has(text[right] ?? "")) right++;
  const after = wordAt(text, right, 1);
  const length = before.length + after.length;
  return after.length >= END && length >= (before.digits || after.digits ? SHORTEST : PLAIN);
}

const GLUE = new Set(` \t\r\n"'+\\>|#*`);

const isWord = (code: number) =>
  (code >= 97 && code <= 122) ||
  (code >= 65 && code <= 90) ||
  (code >= 45 && code <= 57) ||
  code === 95 ||
  code === 43;

/** The word that ends or begins here, as far as it matters. */
function wordAt(text: string, from: number, step: 1 | -1): { length: number; digits: boolean } {
  let length = 0;
  let digits = false;
  for (let at = step === 1 ? from : from - 1; length < PLAIN; at += step, length++) {
    const code = text.charCodeAt(at);
    if (!isWord(code)) break;
    digits ||= code >= 48 && code <= 57;
  }
  return { length, digits };
}

function view(
  text: string,
  pattern: RegExp,
  instead?: (match: RegExpExecArray) => string,
): View | undefined {
  // Place in the view, and how much further on the original is from there.
  const at: number[] = [];
  const ahead: number[] = [];
  const parts: string[] = [];
  let from = 0;
  let length = 0;
  for (const match of text.matchAll(pattern)) {
    const piece = text.slice(from, match.index) + (instead?.(match) ?? "");
    parts.push(piece);
    length += piece.length;
    from = match.index + match[0].length;
    at.push(length);
    ahead.push(from - length);
  }
  if (from === 0) return undefined;
  parts.push(text.slice(from));
  return {
    text: parts.join(""),
    joined: instead === undefined,
    original(place) {
      let low = 0;
      let high = at.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((at[middle] ?? 0) <= place) low = middle + 1;
        else high = middle;
      }
      return place + (ahead[low - 1] ?? 0);
    },
  };
}

/** The last character's place and not the one behind it: what follows a break belongs to the next word. */
export function back(view: View, { kind, from, to }: Span): Span {
  return { kind, from: view.original(from), to: view.original(to - 1) + 1 };
}
