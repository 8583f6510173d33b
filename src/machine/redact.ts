import type { Body, Event } from "../wire/event.ts";
import { kindOfKey } from "./guard/named.ts";
import { type Extra, NOTHING, type Scanner, startScanner } from "./guard/scan.ts";
import { cover } from "./guard/span.ts";
import { Unchecked } from "./guard/unchecked.ts";

/** Deeper trees are read as the JSON they are: no agent writes them, and a walk must not end on the stack's floor. */
const DEPTH = 100;

/** What no check takes: a transcript's longest line, 32 MB, takes about a second. */
const LIMIT_MS = 5_000;

/** Names of a thing, made by an agent's own interface: drawn at random, and not secret. */
const NAME =
  /(?:^|[a-z_])(?:id|ids|uuid|guid|hash|sha|etag|digest|checksum|signature|cursor|nonce|ref)$/i;
const CAMEL = /(?:Id|Ids|Uuid|Hash|Sha|Digest|Signature|Cursor|Ref)$/;

export type Redactor = (event: Event, extra?: Extra) => Event;

/**
 * Takes secrets out of an event before anything is written: text, body (keys of an object name a secret as well as
 * patterns do) and raw. What was found is replaced by `[redacted:<kind>]`, so that the reader sees that something was.
 * Throws `Unchecked` when it cannot be sure.
 */
export function startRedactor(): Redactor {
  const scan = startScanner();
  return (event, extra = NOTHING) => {
    try {
      return clean(scan, event, extra);
    } catch (error) {
      if (error instanceof Unchecked) throw error;
      if (error instanceof RangeError) throw new Unchecked("nested too deeply", { cause: error });
      throw new Unchecked(`the check failed (${error instanceof Error ? error.name : "unknown"})`);
    }
  };
}

/**
 * Most events hold nothing. All strings of one are read together, once (a look costs as much for ten characters as for
 * a thousand); only where that finds something is each string read alone.
 */
function clean(scan: Scanner, event: Event, extra: Extra): Event {
  const how = { until: performance.now() + LIMIT_MS };
  const gathered = gather(event);
  if (!gathered.keyed && scan(gathered.text, extra, how).length === 0) {
    if (scan(gathered.names, extra, { ...how, entropy: false }).length === 0) return event;
  }
  function string(text: string, name?: string): string {
    return cover(text, scan(text, extra, { ...how, entropy: name === undefined || !isName(name) }));
  }

  function walk(value: unknown, key: string, depth: number): unknown {
    if (typeof value === "string") {
      const kind = extra.allowed(value) ? undefined : kindOfKey(key, value);
      return kind === undefined ? string(value, key) : `[redacted:${kind}]`;
    }
    if (typeof value !== "object" || value === null) return value;
    if (depth >= DEPTH) return string(JSON.stringify(value));
    if (Array.isArray(value)) {
      return value.map((item, at) => walk(item, flagBefore(value, at) ?? key, depth + 1));
    }
    return members(value, depth);
  }

  function members(value: object, depth: number): Body {
    const out: Body = {};
    const called = calledBy(value);
    for (const [name, inner] of Object.entries(value)) {
      out[string(name)] = walk(inner, name === "value" ? called : name, depth + 1);
    }
    return out;
  }

  return {
    ...event,
    body: members(event.body, 0),
    ...(event.text === undefined ? {} : { text: string(event.text) }),
    ...(event.raw === undefined ? {} : { raw: string(event.raw) }),
  };
}

interface Gathered {
  text: string;
  /** What stands under keys that name things: read for all but entropy. */
  names: string;
  /** A key says that its value is a secret. */
  keyed: boolean;
}

function gather(event: Event): Gathered {
  const texts: string[] = [];
  const names: string[] = [];
  let keyed = false;

  function walk(value: unknown, key: string, depth: number): void {
    if (typeof value === "string") {
      keyed ||= kindOfKey(key, value) !== undefined;
      (isName(key) ? names : texts).push(value);
    } else if (typeof value === "object" && value !== null) {
      if (depth >= DEPTH) texts.push(JSON.stringify(value));
      else if (!Array.isArray(value)) members(value, depth);
      else
        for (const [at, item] of value.entries())
          walk(item, flagBefore(value, at) ?? key, depth + 1);
    }
  }

  function members(value: object, depth: number): void {
    const called = calledBy(value);
    for (const [name, inner] of Object.entries(value)) {
      if (name.length >= 8) texts.push(name);
      walk(inner, name === "value" ? called : name, depth + 1);
    }
  }

  members(event.body, 0);
  if (event.text !== undefined) texts.push(event.text);
  if (event.raw !== undefined) texts.push(event.raw);
  return { text: texts.join("\n\n"), names: names.join("\n\n"), keyed };
}

/** `["--password", "…"]`: an argument list names a value by the item before it. */
function flagBefore(list: readonly unknown[], at: number): string | undefined {
  const before = list[at - 1];
  return typeof before === "string" && before.startsWith("-") && before.length < 64
    ? before
    : undefined;
}

/** `{ name: "DB_PASSWORD", value: "…" }`. */
function calledBy(value: object): string {
  const called = "name" in value ? value.name : "key" in value ? value.key : undefined;
  return typeof called === "string" && called.length < 128 ? called : "value";
}

const isName = (key: string): boolean => key.length < 40 && (CAMEL.test(key) || NAME.test(key));

const scanAlone = startScanner();

/** One text alone, by what everybody's secrets look like. */
export const redactText = (text: string): string => cover(text, scanAlone(text));
