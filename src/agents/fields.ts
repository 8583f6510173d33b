/**
 * Readers for what coding agents send. They narrow by `typeof` instead of a schema for a whole line: an agent changes
 * its format without notice, and one field of a new type must not cost the event (what nobody could read is kept in
 * `body.extra`). Nothing here throws.
 */
export type Json = Record<string, unknown>;

export function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export const record = (value: unknown): Json => (isRecord(value) ? value : {});
export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** A string with something in it, at most `max` characters when given. */
export function string(value: unknown, max = Number.POSITIVE_INFINITY): string | undefined {
  return typeof value === "string" && value !== "" ? value.slice(0, max) : undefined;
}

export function number(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** The same object without the keys that have no value. */
export function defined(fields: Json): Json {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** RFC 3339 to milliseconds in UTC, or nothing: the year 275760 is a date for JavaScript and for nobody else. */
export function time(value: unknown): string | undefined {
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(value)) return undefined;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) || date.getUTCFullYear() > 9999 || date.getUTCFullYear() < 0
    ? undefined
    : date.toISOString();
}

/** What a field is expected to be. */
export type Shape = "string" | "number" | "boolean" | "object" | "list" | "any";

/** The fields that no one expected, or not of this type. */
export function extra(fields: Json, known: Readonly<Record<string, Shape>>): Json | undefined {
  const strange = Object.entries(fields).filter(([key, value]) => {
    const shape = Object.hasOwn(known, key) ? known[key] : undefined;
    return shape === undefined || (value !== null && shape !== "any" && shape !== shapeOf(value));
  });
  return strange.length ? Object.fromEntries(strange) : undefined;
}

const shapeOf = (value: unknown): string => (Array.isArray(value) ? "list" : typeof value);

/**
 * Nested deeper than anything a person or an agent means. JSON.parse takes such input, but writing it out again
 * or storing it as jsonb overflows a stack, so it is kept as text. Walks containers only: long strings cost nothing.
 */
export function isTooDeep(value: unknown, levels = 100): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  for (const child of Object.values(value)) if (isTooDeep(child, levels - 1)) return true;
  return false;
}

/** The object in a text, or nothing when it is not one whole, sane JSON object. */
export function parse(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) && !isTooDeep(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
