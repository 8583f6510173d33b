import { PolarisError } from "../wire/error.ts";

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
