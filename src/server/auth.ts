import type { Caller } from "../core/caller.ts";
import type { Tokens } from "../core/tokens.ts";
import { PolarisError } from "../wire/error.ts";

export const COOKIE = "polaris_session";

/**
 * Who calls: a Bearer token (machines, scripts) or the browser's cookie. There is no open mode. A cookie counts for a
 * change of state, and for a WebSocket, only when the browser says the request comes from our own pages (CSRF).
 */
export async function authenticate(
  request: Request,
  tokens: Tokens,
  { socket = false } = {},
): Promise<Caller> {
  const header = request.headers.get("authorization");
  if (header) {
    const [scheme, token] = header.split(" ");
    if (scheme?.toLowerCase() === "bearer" && token) return tokens.verify(token);
    throw unauthenticated();
  }
  const cookie = cookieOf(request);
  if (!cookie) throw unauthenticated();
  const safe = request.method === "GET" || request.method === "HEAD";
  if ((socket || !safe) && !isSameOrigin(request)) {
    throw new PolarisError("forbidden", "This request does not come from Polaris's own pages.", {
      hint: "Scripts use a Bearer token.",
    });
  }
  return tokens.verify(cookie);
}

export function cookieOf(request: Request): string | undefined {
  for (const part of (request.headers.get("cookie") ?? "").split(";")) {
    const at = part.indexOf("=");
    if (at > 0 && part.slice(0, at).trim() === COOKIE) return part.slice(at + 1).trim();
  }
  return undefined;
}

/** Browsers set Sec-Fetch-Site themselves; older ones at least Origin. Neither can be forged by a page. */
export function isSameOrigin(request: Request): boolean {
  const site = request.headers.get("sec-fetch-site");
  if (site) return site === "same-origin";
  const origin = request.headers.get("origin");
  return (
    origin !== null && URL.canParse(origin) && new URL(origin).host === request.headers.get("host")
  );
}

const unauthenticated = (): PolarisError =>
  new PolarisError("unauthenticated", "Sign in first.", {
    hint: "Send Authorization: Bearer <token>, or open the sign-in link that polaris serve --claim prints.",
  });
