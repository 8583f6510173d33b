import type { Span } from "./span.ts";
import { isPlaceholder, looksSecret, valueAt } from "./values.ts";

/**
 * What is a secret because of the name before it: `NAME=value`, `name: "value"`, `--name value`, `<name>value<`. The name
 * is found by its stem, the value's end by hand: a value may hold nearly anything, and where it ends depends on how it
 * began.
 */
const PASS = "pass(?:word|wd|phrase|wort|code)s?|(?<![a-z])(?:pass|pwd)|passw|psswd|_pw|secret";
const KEY =
  "token|credentials?|(?:api|access|private|client|signing|encryption|secret|account|shared|master|service|license|session|auth|deploy|webhook|app|storage|admin|root|jwt|hmac|ssh|functions|subscription|integration)[_-]?(?:key|secret|pass)|connection[_-]?string|dsn";

/** Plurals (`max_tokens`) are counts and lists; `SECRET_KEY_BASE` and `password2` are names like `password`. */
const AFTER = "(?:[_-]?(?:base|value|base64|b64|raw|plain|text|string|v?[0-9]{1,2}))?";
const SECRET_NAME = new RegExp(`(?:(${PASS})|(?:${KEY}))${AFTER}$`, "i");

/** Read at 480 MB/s, where all names together take seven times as long. */
const STEM = /pass|pwd|psswd|secret|token|key|credential|dsn|_pw|string/gi;
const LONGEST_NAME = 64;
const IN_NAME = /[A-Za-z0-9_-]/;

/** Between a name and its value; the second form only after a dash. */
const BETWEEN =
  /(?:\\{0,3}["'`]|%22)?\]?(?:\s{0,8}(?:=>|:=|[:=]|%3[aAdD])\s{0,8}|>(?=[^<\s]{4}))|(["']\s{0,3},\s{0,4}|[ \t]{1,4})(?=[^\s:=])/y;

/** Where a language or a program has a word of its own for "now comes the password". */
const SPOKEN =
  /\b(?:identified by(?: password)?(?= ?['"])|with password|(?:create|alter) (?:user|role)[^;\n]{0,80} password|login \S{1,64} password|requirepass|masterauth|sshpass -p|mysql[a-z]{0,6} [^\n;|]{0,60}?-p|curl [^\n;|]{0,120}?(?:-u|--user) ?['"]?[A-Za-z0-9_.@+-]{1,64}:|redis-cli [^\n;|]{0,60}?-a|docker login [^\n;|]{0,80}?-p) {0,2}/gi;

export function findNamed(text: string): Span[] {
  const spans: Span[] = [];
  let read = 0;
  for (const { index, 0: stem } of text.matchAll(STEM)) {
    if (index < read) continue;
    let to = index + stem.length;
    while (to - index < LONGEST_NAME && IN_NAME.test(text[to] ?? " ")) to++;
    read = to;
    BETWEEN.lastIndex = to;
    const between = BETWEEN.exec(text);
    if (!between) continue;
    let from = index;
    while (from > 0 && to - from < LONGEST_NAME && IN_NAME.test(text[from - 1] ?? " ")) from--;
    const word = text.slice(from, to);
    const flag = between[1] !== undefined;
    if (flag && !word.startsWith("-")) continue;
    const name = SECRET_NAME.exec(word);
    if (!name) continue;
    const before = { index: from, text: word + between[0] };
    const value = valueAt(text, to + between[0].length, before);
    if (!value) continue;
    const { quoted } = value;
    const secret = flag
      ? isArgument(value.text, quoted, word.startsWith("--"))
      : // The name of a variable in the environment is no word of a program.
        looksSecret(value.text, {
          quoted,
          strong: name[1] !== undefined || /^[A-Z0-9_]+$/.test(word),
        });
    if (secret)
      spans.push({ kind: kindOf(word), from: value.from, to: value.from + value.text.length });
  }
  if (/passw|identified|requirepass|masterauth|sshpass|mysql|curl|redis-cli|docker/i.test(text)) {
    for (const match of text.matchAll(SPOKEN)) spoken(text, match, spans);
  }
  return spans;
}

/** Whether an object's key says that its value is a secret, and of which kind. */
export function kindOfKey(key: string, value: string): string | undefined {
  const match = SECRET_NAME.exec(key);
  if (!match || !looksSecret(value, { quoted: true, strong: match[1] !== undefined })) return;
  return kindOf(key);
}

export const isSecretName = (name: string): boolean =>
  SECRET_NAME.test(name) || /(?:^|_)(?:key|auth|salt|cert|pat|pin)$|webhook/i.test(name);

function isArgument(value: string, quoted: boolean, isLong: boolean): boolean {
  if (value.startsWith("-") || value.length < 5 || isPlaceholder(value)) return false;
  return quoted ? isLong || !/^[A-Za-z][a-z]*$/.test(value) : /\d/.test(value);
}

function spoken(text: string, match: RegExpExecArray, spans: Span[]): void {
  const before = { index: match.index, text: match[0] };
  const value = valueAt(text, match.index + match[0].length, before);
  if (!value || value.text.length < 5 || isPlaceholder(value.text)) return;
  if (!value.quoted && /^[A-Za-z]?[a-z]+$|^[A-Z]+$/.test(value.text)) return;
  spans.push({ kind: "password", from: value.from, to: value.from + value.text.length });
}

function kindOf(name: string): string {
  const word = /pass|pwd|pw|secret|token|credential|dsn|connection|key/i
    .exec(name)?.[0]
    .toLowerCase();
  if (word === "pass" || word === "pwd" || word === "pw") return "password";
  if (word === "dsn" || word === "connection") return "connection-string";
  return word ?? "secret";
}
