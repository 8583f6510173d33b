import { PolarisError } from "../wire/error.ts";

/**
 * jsonb refuses what JSON.parse accepts: U+0000, lone surrogates, numbers beyond double range, nesting in the
 * thousands. All of it is made storable at the door, readable and marked, so that no event is ever lost to it.
 */

/** Deeper than this a value is kept as its JSON text. Real tool inputs stay below 20; PostgreSQL gives up near 7,000. */
const MAX_DEPTH = 100;

/** Escapes of NUL and of surrogates. As it is, a NUL is no JSON, and half a surrogate pair no well-formed text. */
const ODD_ESCAPE = /\\u(?:0000|d[89a-f])/i;
const isOdd = (json: string): boolean =>
  !json.isWellFormed() || (json.includes("\\u") && ODD_ESCAPE.test(json));

/** Parses a line and makes it storable. The walk that copies is done only for the few lines that need it. */
export function parseStorable(json: string): unknown {
  return readStorable(json).value;
}

/** The same; `isSame` when the line itself is storable, so that it need not be written again. */
export function readStorable(json: string): { value: unknown; isSame: boolean } {
  const value = parseJson(json);
  const isSame = !isOdd(json) && isPlain(value, 0);
  return { value: isSame ? value : storable(value), isSame };
}

/** Without copying: no infinite number, no nesting that PostgreSQL would refuse. */
function isPlain(value: unknown, depth: number): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) return true;
  if (depth >= MAX_DEPTH) return false;
  if (Array.isArray(value)) {
    for (const item of value) if (!isPlain(item, depth + 1)) return false;
    return true;
  }
  for (const key in value) {
    if (!isPlain(Reflect.get(value, key), depth + 1)) return false;
  }
  return true;
}

/** A text PostgreSQL takes: NUL becomes its visible symbol U+2400, half a surrogate pair U+FFFD. */
export const storableText = (text: string): string =>
  text.toWellFormed().replaceAll("\0", "\u2400");

/** The same value with every text storable, infinite numbers as text, and what is too deep as JSON text. */
export function storable(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return storableText(value);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= MAX_DEPTH)
    return `[nested too deep] ${storableText(flatten(value)).slice(0, 10_000)}`;
  if (Array.isArray(value)) return value.map((item) => storable(item, depth + 1));
  const out: [string, unknown][] = [];
  for (const [key, item] of Object.entries(value))
    out.push([storableText(key), storable(item, depth + 1)]);
  return Object.fromEntries(out);
}

function flatten(value: object): string {
  try {
    return JSON.stringify(value);
  } catch {
    return "[cannot be written as text]"; // deeper than the stack
  }
}

/** JSON.parse with our error; nesting beyond the parser's own stack is bad input, not a crash. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PolarisError("invalid_json", "This is not valid JSON.", {
      hint: cause instanceof Error ? cause.message.slice(0, 200) : "",
      cause,
    });
  }
}
