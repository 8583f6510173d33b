import type { Server } from "bun";

/**
 * Where a request came from. `X-Forwarded-For` is believed only from the proxies that were configured
 * (POLARIS_TRUSTED_PROXIES, comma separated): anybody else could write anything there.
 */
export function addressOf(
  request: Request,
  server: Server<unknown> | null,
  proxies: readonly string[],
): string | undefined {
  const peer = server?.requestIP(request)?.address;
  if (!peer || !proxies.includes(peer)) return peer;
  // The last entry is the one our own proxy added.
  return request.headers.get("x-forwarded-for")?.split(",").at(-1)?.trim() || peer;
}
