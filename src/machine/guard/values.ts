import { isRandom } from "./random.ts";

/** What stands before a value, separator included. */
export interface Name {
  index: number;
  text: string;
}

export interface Value {
  text: string;
  from: number;
  quoted: boolean;
}

const LONGEST = 4_096;

export function valueAt(text: string, start: number, name: Name): Value | undefined {
  const open = /^(?:\\{0,3}|[$@])(["'`])/.exec(text.slice(start, start + 5));
  if (open) {
    const from = start + open[0].length;
    const quote = open[1] ?? '"';
    const end = closing(text, from, quote, open[0].length > 1);
    return { text: text.slice(from, end), from, quoted: true };
  }
  const lead =
    /^(?:(?:bearer|basic) {1,4}|\\n\s{0,8}|[|>]-?\s{1,12}|!+[A-Za-z]{1,12}\s{1,4}|%22)?/i.exec(
      text.slice(start, start + 24),
    );
  const from = start + (lead?.[0].length ?? 0);
  const before = text[name.index - 1] ?? "\n";
  const env = name.text.endsWith("=") && !/[?&(,;[{."'>:]/.test(before);
  const ends = name.text.endsWith(">")
    ? /[\s<]/g
    : env
      ? /[\s"'`\\]/g
      : /[\s"'`\\,;<>()[\]{}&#|]|%2[26cC]/g;
  const rest = text.slice(from, from + LONGEST);
  const end = ends.exec(rest)?.index ?? rest.length;
  return end === 0 ? undefined : { text: rest.slice(0, end), from, quoted: false };
}

/** The end of a quoted value: its own quote on its own level of escapes, the line's end, or far enough. */
function closing(text: string, from: number, quote: string, escaped: boolean): number {
  const limit = Math.min(text.length, from + LONGEST);
  for (let at = from; at < limit; at++) {
    const char = text[at];
    if (char === "\n" && quote !== "`") return at;
    if (char === "\\" && !escaped) at++;
    else if (char === "\\" && /^\\+["'`]/.test(text.slice(at, at + 6))) return at;
    else if (char === quote) return at;
  }
  return limit;
}

export function isPlaceholder(value: string): boolean {
  if (value.startsWith("[redacted:") || value.startsWith("[REDACTED")) return true;
  if (/^(?:\$|\{\{|\{[A-Za-z_]|<[A-Za-z]|%[({A-Za-z]|#\{|@[A-Za-z])/.test(value)) return true;
  if (
    /^(?:process\.env|os\.environ|os\.getenv|env\.|import\.meta|secrets\.|var\.|local\.|self\.|this\.|config\.)/i.test(
      value,
    )
  )
    return true;
  return /^(.)\1*$/.test(value) || /^[.…*•x]+$/i.test(value);
}

/**
 * Source code is full of `token = next.token` and `password: string`. A value counts when it is quoted or holds a digit,
 * and is no number, no type's name, no variable, no sentence.
 */
export function looksSecret(
  value: string,
  { quoted, strong }: { quoted: boolean; strong: boolean },
): boolean {
  if (value.length < (strong && quoted ? 5 : 6) || isPlaceholder(value)) return false;
  if (/^[0-9.,_:/-]+$/.test(value) && !(strong && value.length >= 8)) return false;
  if (
    /^(?:string|undefined|required|optional|boolean|number|false|function|password|secret|token|null)$/i.test(
      value,
    )
  )
    return false;
  // A version of a package whose name is a secret's, a regular expression.
  if (/^[\^~<>=v]{0,3}\d+(?:\.\d+)+/.test(value) || /^\/[\^([\\]/.test(value)) return false;
  if (/^\w+\(/.test(value) || /[)>]\s*;?$/.test(value)) return false;
  if (!quoted) {
    if (/^[A-Za-z_$][\w$]*(?:\??\.[A-Za-z_$][\w$]*)+$/.test(value) && !isRandom(value))
      return false;
    return /[0-9]/.test(value) || (strong && /[^A-Za-z_.$-]/.test(value));
  }
  // A sentence on a page: "Enter your password".
  if (/^[A-Z][A-Za-z'’]+(?: [A-Za-z'’]+)+[.!?:…]*$/.test(value)) return false;
  if (strong) return true;
  return /[0-9]/.test(value) || isRandom(value);
}
