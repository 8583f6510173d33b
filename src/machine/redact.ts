import type { Body, Event } from "../wire/event.ts";
import {
  ASSIGNMENT,
  ASSIGNMENT_HINTS,
  AUTHORIZATION,
  SECRET_KEY,
  SECRETS,
  URL_PASSWORD,
} from "./secrets.ts";

/** Deeper trees are cut: no agent writes them, and a walk must not end on the stack's floor. */
const DEPTH = 100;

/** A key of 16,384 bits is about 13 kB long. */
const LONGEST_KEY = 16_384;

/**
 * Takes secrets out of an event before anything is written: text, body (keys of an object name a secret as well as
 * patterns do) and raw. What was found is replaced by `[redacted:<kind>]`, so that the reader sees that something was.
 */
export function redact(event: Event): Event {
  return {
    ...event,
    body: redactBody(event.body),
    ...(event.text === undefined ? {} : { text: redactText(event.text) }),
    ...(event.raw === undefined ? {} : { raw: redactText(event.raw) }),
  };
}

export function redactText(text: string): string {
  if (text.length < 8) return text;
  let out = text.includes("PRIVATE KEY-----") ? withoutKeys(text) : text;
  for (const { kind, hints, pattern } of SECRETS) {
    if (hints.some((hint) => out.includes(hint))) out = out.replace(pattern, `[redacted:${kind}]`);
  }
  if (out.includes("://") && out.includes("@")) {
    out = out.replace(URL_PASSWORD, "$1[redacted:password]$3");
  }
  const lower = out.toLowerCase();
  if (lower.includes("authorization"))
    out = out.replace(AUTHORIZATION, "$1[redacted:authorization]");
  if (ASSIGNMENT_HINTS.some((hint) => lower.includes(hint))) {
    out = out.replace(
      ASSIGNMENT,
      (whole, name: string, quote: string | undefined, value: string) =>
        looksSecret(value, quote !== undefined)
          ? `${name}${quote ?? ""}[redacted:${kindOf(name)}]`
          : whole,
    );
  }
  return out;
}

/**
 * PEM private keys, also where line ends are the two characters \\n or the end is cut off. By hand and not by pattern:
 * a text full of beginnings would be searched for an end from each of them (measured: 12 s for 10 MB, now 20 ms).
 */
function withoutKeys(text: string): string {
  let out = "";
  let from = 0;
  let end = 0;
  for (const { index } of text.matchAll(/-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----/g)) {
    if (index < from) continue;
    if (end !== -1 && end <= index) end = text.indexOf("-----END ", index + 1);
    const near = end !== -1 && end - index < LONGEST_KEY;
    const close = near ? text.indexOf("-----", end + 9) : -1;
    out += `${text.slice(from, index)}[redacted:private-key]`;
    from = close >= 0 && close - end < 60 ? close + 5 : Math.min(text.length, index + LONGEST_KEY);
  }
  return out + text.slice(from);
}

function redactBody(body: Body): Body {
  const out: Body = {};
  for (const [key, value] of Object.entries(body)) out[redactText(key)] = walk(value, key, 1);
  return out;
}

function walk(value: unknown, key: string, depth: number): unknown {
  if (typeof value === "string") {
    return SECRET_KEY.test(key) && looksSecret(value, true)
      ? `[redacted:${kindOf(key)}]`
      : redactText(value);
  }
  if (typeof value !== "object" || value === null) return value;
  if (depth >= DEPTH) return "[cut: nested too deeply]";
  if (Array.isArray(value)) return value.map((item) => walk(item, key, depth + 1));
  const out: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value)) {
    out[redactText(name)] = walk(inner, name, depth + 1);
  }
  return out;
}

/**
 * Source code is full of `token = next.token` and `password: string`. A value counts when it is quoted or holds a
 * digit, and is no number, no type's name, no variable and not redacted already.
 */
function looksSecret(value: string, quoted: boolean): boolean {
  if (value.length < 6 || value.startsWith("[redacted:")) return false;
  if (/^[0-9.,_-]+$/.test(value)) return false;
  if (/^(?:process\.env|os\.environ|string|undefined|required|optional|example)/i.test(value)) {
    return false;
  }
  if (/^\$\{?[A-Za-z_]/.test(value)) return false;
  return quoted || /[0-9]/.test(value);
}

function kindOf(name: string): string {
  const word = /pass|secret|token|key/i.exec(name)?.[0].toLowerCase();
  return word === "pass" ? "password" : (word ?? "secret");
}
