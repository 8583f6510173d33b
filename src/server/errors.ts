import { isAway, isBadData } from "../db/db.ts";
import { brief, type Log } from "../lib/log.ts";
import { PolarisError } from "../wire/error.ts";

/** Whatever was thrown, as one of ours: the only place where the server translates errors. */
export function asPolarisError(error: unknown, log: Log): PolarisError {
  if (error instanceof PolarisError) return error;
  if (isAway(error)) {
    log.warn("database.away", { error: brief(error) });
    return new PolarisError("database_unavailable", "The database does not answer just now.", {
      hint: "Nothing is lost; try again in a moment.",
      cause: error,
    });
  }
  if (isBadData(error)) {
    return new PolarisError("invalid_input", "The database cannot store this input.", {
      hint: "It holds a character, a number or a time that PostgreSQL does not know.",
      cause: error,
    });
  }
  log.error("request.failed", { error: brief(error), stack: stackOf(error) });
  return new PolarisError("internal", "Something went wrong on the server.", {
    hint: "The server's log has the details.",
    cause: error,
  });
}

const stackOf = (error: unknown): string | undefined =>
  error instanceof Error
    ? error.stack?.split("\n").slice(1, 6).join(" | ").slice(0, 800)
    : undefined;

export function errorResponse(error: PolarisError): Response {
  const headers = new Headers({ "cache-control": "no-store" });
  if (error.status === 503 || error.status === 429) {
    headers.set("retry-after", String(error.retryAfter ?? 1));
  }
  if (error.status === 401) headers.set("www-authenticate", 'Bearer realm="polaris"');
  return Response.json(error.toBody(), { status: error.status, headers });
}
