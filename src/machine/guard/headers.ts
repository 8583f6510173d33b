import type { Span } from "./span.ts";
import { isPlaceholder } from "./values.ts";

const HEADER =
  /(?:authorization|x-[a-z-]{0,24}(?:key|token|secret|auth)|\bcookie|\bset-cookie|apikey)\\{0,3}["']?\s{0,4}[:=,]\s{0,4}\\{0,3}["']?/gi;
const BEARER = /\b(?:bearer|basic)\s{1,4}(?=[A-Za-z0-9+/=_.~-]{12})/gi;
const URL_PASSWORD =
  /[a-z][a-z0-9+.-]{1,20}:\\{0,2}\/\\{0,2}\/[^\s:@/"'`\\]{0,128}:([^\s/"'`\\]{1,256})(?=@[A-Za-z0-9[{$._-])/gi;

/** Headers, cookies and addresses: what carries a secret by the rules of HTTP. */
export function findHeaders(text: string): Span[] {
  const spans: Span[] = [];
  if (text.includes("@") && text.includes(":")) urls(text, spans);
  if (/authorization|cookie|x-[a-z]|bearer|basic|apikey/i.test(text)) headers(text, spans);
  return spans;
}

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
