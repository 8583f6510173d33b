import { z } from "zod";
import { input } from "../core/input.ts";
import { PolarisError } from "../wire/error.ts";

const seq = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** `?limit=&cursor=` of lists that are not logs. */
const List = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.string().max(1000).optional(),
});
export const listQuery = (query: unknown) => input(List, query);

/** `?after=&before=&limit=&kinds=&order=` of event logs; cursors are seq numbers. */
const Log = z.object({
  after: seq.optional(),
  before: seq.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  kinds: z.string().max(1000).optional(),
  order: z.enum(["asc", "desc"]).optional(),
});
export function logQuery(query: unknown) {
  const { kinds, ...rest } = input(Log, query);
  return { ...rest, kinds: kinds?.split(",").filter(Boolean) };
}

/** Where a stream begins: the browser's `Last-Event-ID`, else `?after=`, else now. */
export function startOf(
  request: Request,
  query: Record<string, string | undefined>,
): number | "now" {
  const value = request.headers.get("last-event-id") || query.after;
  if (value === undefined || value === "") return "now";
  const parsed = seq.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new PolarisError("invalid_cursor", "A stream begins after a seq, a whole number.", {
    hint: "Send the id of the last event you have, or after=0 for everything.",
  });
}
