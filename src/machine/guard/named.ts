import { isRandom } from "./random.ts";
import type { Span } from "./span.ts";

/**
 * What is a secret because of what stands before it: `NAME=value`, `name: "value"`, `--name value`, `<name>value<`,
 * `Authorization: Bearer value`, `scheme://user:value@host`. The name is found by pattern, the value's end by hand: a
 * value may hold nearly anything, and where it ends depends on how it began.
 */
const PASS = "pass(?:word|wd|phrase|wort|code)s?|(?<![a-z])(?:pass|pwd)|passw|psswd|_pw|secret";
const KEY =
  "token|credentials?|(?:api|access|private|client|signing|encryption|secret|account|shared|master|service|license|session|auth|deploy|webhook|app|storage|admin|root|jwt|hmac|ssh|functions|subscription|integration)[_-]?(?:key|secret|pass)|connection[_-]?string|dsn";

/** Plurals (`max_tokens`) are counts and lists; `SECRET_KEY_BASE` and `password2` are names like `password`. */
const NAMES = new RegExp(`(?:${PASS})|(?:${KEY})`, "i");
const AFTER = "(?:[_-]?(?:base|value|base64|b64|raw|plain|text|string|v?[0-9]{1,2}))?";
const ASSIGNED = new RegExp(
  `(?:(${PASS})|(?:${KEY}))${AFTER}(?:(?:\\\\{0,3}["'\`]|%22)?\\]?(?:\\s{0,8}(?:=>|:=|[:=]|%3[aAdD])\\s{0,8}|>(?=[^<\\s]{4}))|(["']\\s{0,3},\\s{0,4}|[ \\t]{1,4})(?=[^\\s:=]))`,
  "gi",
);
const SECRET_KEY = new RegExp(`(?:(${PASS})|(?:${KEY}))${AFTER}$`, "i");
const HEADER =
  /(?:authorization|x-[a-z-]{0,24}(?:key|token|secret|auth)|\bcookie|\bset-cookie|apikey)\\{0,3}["']?\s{0,4}[:=,]\s{0,4}\\{0,3}["']?/gi;
const BEARER = /\b(?:bearer|basic)\s{1,4}(?=[A-Za-z0-9+/=_.~-]{12})/gi;
const URL_PASSWORD =
  /[a-z][a-z0-9+.-]{1,20}:\\{0,2}\/\\{0,2}\/[^\s:@/"'`\\]{0,128}:([^\s/"'`\\]{1,256})(?=@[A-Za-z0-9[{$._-])/gi;
const SPOKEN =
  /\b(?:identified by(?: password)?|with password|(?:create|alter) (?:user|role)[^;\n]{0,80} password|login \S{1,64} password|requirepass|masterauth|sshpass -p|mysql[a-z]{0,6} [^\n;|]{0,60}?-p|curl [^\n;|]{0,120}?(?:-u|--user) ?['"]?[A-Za-z0-9_.@+-]{1,64}:|redis-cli [^\n;|]{0,60}?-a|docker login [^\n;|]{0,80}?-p) {0,2}/gi;

export function findNamed(text: string): Span[] {
  const spans: Span[] = [];
  if (text.includes("@") && text.includes(":")) urls(text, spans);
  if (/authorization|cookie|x-[a-z]|bearer|basic|apikey/i.test(text)) headers(text, spans);
  if (NAMES.test(text)) {
    for (const match of text.matchAll(ASSIGNED)) {
      if (match[2] === undefined) assigned(text, match, spans);
      else if (isFlag(text, match.index)) flag(text, match, spans);
    }
  }
  if (/passw|identified|requirepass|masterauth|sshpass|mysql|curl|redis-cli|docker/i.test(text)) {
    for (const match of text.matchAll(SPOKEN)) spoken(text, match, spans);
  }
  return spans;
}

/** Whether an object's key says that its value is a secret, and of which kind. */
export function kindOfKey(key: string, value: string): string | undefined {
  const match = SECRET_KEY.exec(key);
  if (!match || !looksSecret(value, { quoted: true, strong: match[1] !== undefined })) return;
  return kindOf(key);
}

export const isSecretName = (name: string): boolean =>
  SECRET_KEY.test(name) || /(?:^|_)(?:key|auth|salt|cert|pat|pin)$|webhook/i.test(name);

function urls(text: string, spans: Span[]): void {
  for (const match of text.matchAll(URL_PASSWORD)) {
    const value = match[1] ?? "";
    const to = match.index + match[0].length;
    if (isPlaceholder(value)) continue;
    spans.push({ kind: "password", from: to - value.length, to });
  }
}

function headers(text: string, spans: Span[]): void {
  let read = 0;
  for (const match of text.matchAll(HEADER)) {
    if (match.index < read) continue;
    const from = match.index + match[0].length;
    const rest = text.slice(from, from + 4_096);
    if (/cookie/i.test(match[0])) {
      const line = /^[^\r\n"'`\\]{0,4096}/.exec(rest)?.[0] ?? "";
      read = from + line.length;
      cookies(line, from, spans);
      continue;
    }
    const value =
      /^(?:(?:bearer|basic|token|apikey|key|bot|digest|splunk|sso-key|genie[a-z]{0,3})[\s=]{1,4})?([A-Za-z0-9+/=_.~:|%-]{8,4096})/i.exec(
        rest,
      );
    const secret = value?.[1] ?? "";
    const scheme = (value?.[0].length ?? 0) > secret.length;
    if (secret === "" || isPlaceholder(secret)) continue;
    if (!scheme && !/\d/.test(secret)) continue;
    const at = from + (value?.[0].length ?? 0) - secret.length;
    read = at + secret.length;
    spans.push({ kind: "authorization", from: at, to: read });
  }
  for (const match of text.matchAll(BEARER)) {
    const from = match.index + match[0].length;
    const secret = /^[A-Za-z0-9+/=_.~-]{12,4096}/.exec(text.slice(from, from + 4_096))?.[0] ?? "";
    if (!/\d/.test(secret) || isPlaceholder(secret)) continue;
    spans.push({ kind: "authorization", from, to: from + secret.length });
  }
}

function cookies(line: string, from: number, spans: Span[]): void {
  let at = from;
  for (const part of line.split(";")) {
    const value = part.slice(part.indexOf("=") + 1).trimEnd();
    const secret = value.length >= 8 && value.length < part.length && /\d/.test(value);
    if (secret && !/^[0-9.,:/-]+$|\s/.test(value)) {
      const to = at + part.trimEnd().length;
      spans.push({ kind: "cookie", from: to - value.length, to });
    }
    at += part.length + 1;
  }
}

function assigned(text: string, match: RegExpExecArray, spans: Span[]): void {
  const from = match.index + match[0].length;
  const value = valueAt(text, from, match);
  if (!value) return;
  // The name of a variable in the environment is no word of a program.
  const strong = match[1] !== undefined || /^[A-Z0-9_]+["'\\\s:=]*$/.test(match[0]);
  if (!looksSecret(value.text, { quoted: value.quoted, strong })) return;
  spans.push({ kind: kindOf(match[0]), from: value.from, to: value.from + value.text.length });
}

/** Whether the word that goes on here began with a dash. */
function isFlag(text: string, at: number): boolean {
  for (let from = at; from > at - 40 && from >= 0; from--) {
    const char = text[from - 1] ?? " ";
    if (char === "-" && !/[A-Za-z0-9_-]/.test(text[from - 2] ?? " ")) return true;
    if (!/[A-Za-z0-9_-]/.test(char)) return false;
  }
  return false;
}

function flag(text: string, match: RegExpExecArray, spans: Span[]): void {
  const value = valueAt(text, match.index + match[0].length, match);
  if (!value || value.text.startsWith("-") || value.text.length < 5) return;
  const plain = /^[A-Za-z][a-z]*$/.test(value.text) && !match[0].startsWith("--");
  if (plain || (!value.quoted && !/\d/.test(value.text)) || isPlaceholder(value.text)) return;
  spans.push({ kind: kindOf(match[0]), from: value.from, to: value.from + value.text.length });
}

function spoken(text: string, match: RegExpExecArray, spans: Span[]): void {
  const value = valueAt(text, match.index + match[0].length, match);
  if (!value || value.text.length < 5 || isPlaceholder(value.text)) return;
  if (!value.quoted && /^[A-Za-z]?[a-z]+$|^[A-Z]+$/.test(value.text)) return;
  spans.push({ kind: "password", from: value.from, to: value.from + value.text.length });
}

interface Value {
  text: string;
  from: number;
  quoted: boolean;
}

const LONGEST = 4_096;

function valueAt(text: string, start: number, name: RegExpExecArray): Value | undefined {
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
  const env = name[0].endsWith("=") && !/[?&(,;[{."'>:]/.test(before);
  const ends = name[0].endsWith(">")
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

function isPlaceholder(value: string): boolean {
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
function looksSecret(
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

function kindOf(name: string): string {
  const word = /pass|pwd|pw|secret|token|credential|dsn|connection|key/i
    .exec(name)?.[0]
    .toLowerCase();
  if (word === "pass" || word === "pwd" || word === "pw") return "password";
  if (word === "dsn" || word === "connection") return "connection-string";
  return word ?? "secret";
}
