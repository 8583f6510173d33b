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
  let out = text;
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
