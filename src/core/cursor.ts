import { PolarisError } from "../wire/error.ts";
import type { Page } from "../wire/session.ts";

/** What a list is asked for; without a limit as much as a page of ours shows. */
export interface Wish {
  limit?: number;
  cursor?: string | undefined;
}
export const MOST = 500;

/** A list's place, opaque to callers: the sort key of the last item seen, as base64url JSON. */
export const cursorOf = (...key: string[]): string =>
  Buffer.from(JSON.stringify(key)).toString("base64url");

/** Throws `invalid_cursor` for anything `cursorOf` did not make for a key of this many parts. */
export function readCursor(cursor: string, parts: number): string[] {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (
      Array.isArray(key) &&
      key.length === parts &&
      key.every((part) => typeof part === "string")
    ) {
      return key;
    }
  } catch {
    // Not ours: the error below says so.
  }
  throw new PolarisError("invalid_cursor", "This cursor is not from here.", {
    hint: "Pass `next` of the page before as it came, or nothing for the first page.",
  });
}

/** A page of rows that were read by one more than the limit: that one says that there is a next page. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => string[],
  itemOf: (row: Row) => Item,
): Page<Item> {
  const last = rows[limit - 1];
  const next = rows.length > limit && last ? cursorOf(...keyOf(last)) : null;
  return { items: rows.slice(0, limit).map(itemOf), next };
}
