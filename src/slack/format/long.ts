import type { Long } from "../../wire/slack-wishes.ts";
import { clean, defuse } from "./safe.ts";
import { split } from "./split.ts";
import { tables } from "./table.ts";

/** A message of more characters is long. */
export const LONG_FROM = 3000;
/** Slack takes 12,000 characters of Markdown a message; about 13,200 of everything (bolt-js #2509). */
const PART = 11_000;
const PREVIEW = 600;
/** A snippet may have 1 MB. */
export const FILE_BYTES = 1_000_000;
/** More replies than these would bury the thread: the rest is in Polaris. */
const PARTS = 8;

export interface Shaped {
  /** Markdown of the message itself. */
  lead: string;
  /** Markdown of those that follow, each fit for one message. */
  rest: string[];
  /** The whole as a file. */
  file?: string;
}

/** Foreign Markdown as Slack's messages: safe, readable, within the limits. */
export function shape(text: string, mode: Long): Shaped {
  const source = clean(text).trim();
  const whole = defuse(tables(source.slice(0, (PARTS + 2) * PART).toWellFormed()));
  if (source.length <= LONG_FROM && whole.length <= PART) return { lead: whole, rest: [] };
  if (mode === "inline") {
    const [lead = "", ...rest] = bounded(split(whole, PART));
    return { lead, rest };
  }
  const [preview = ""] = split(whole, PREVIEW);
  if (mode === "thread") {
    const rest = whole.slice(preview.length);
    // A preview that ends inside a fenced block was closed: only a cut between lines of prose can go on as it is.
    const goesOn = whole.startsWith(preview) ? rest : whole;
    return { lead: `${preview}\n\n…`, rest: bounded(split(goesOn, PART)) };
  }
  return { lead: `${preview}\n\n…`, rest: [], file: fit(source) };
}

const bounded = (parts: string[]): string[] =>
  parts.length <= PARTS
    ? parts
    : [...parts.slice(0, PARTS), `_${parts.length - PARTS} more parts are in Polaris._`];

/** The end of a text over 1 MB is in Polaris. */
function fit(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.byteLength <= FILE_BYTES) return text;
  return `${bytes
    .subarray(0, FILE_BYTES - 100)
    .toString("utf8")
    .replace(/\ufffd$/, "")}\n\n(cut: the whole is in Polaris)\n`;
}
