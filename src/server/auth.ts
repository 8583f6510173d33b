import type { Caller } from "../core/caller.ts";
import type { Identify } from "../core/identify.ts";
import { PolarisError } from "../wire/error.ts";
import { readCookie, SESSION_COOKIE } from "./cookies.ts";

/**
 * Who calls: a Bearer token (machines, scripts) or the browser's cookie. There is no open mode. A cookie counts for a
 * change of state, and for a WebSocket, only when the browser says the request comes from our own pages (CSRF).
 */
export async function authenticate(
  request: Request,
  { identify }: Identify,
  { socket = false } = {},
): Promise<Caller> {
  const header = request.headers.get("authorization");
  if (header) {
    const [scheme, token] = header.split(" ");
    if (scheme?.toLowerCase() === "bearer" && /^(pol_a_|eyJ)/.test(token ?? "")) {
      return identify(token ?? "");
    }
    throw unauthenticated();
  }
  const cookie = readCookie(request, SESSION_COOKIE);
  if (!cookie) throw unauthenticated();
  const safe = request.method === "GET" || request.method === "HEAD";
  if ((socket || !safe) && !isSameOrigin(request)) {
    throw new PolarisError("forbidden", "This request does not come from Polaris's own pages.", {
      hint: "Scripts use a Bearer token.",
    });
  }
  // Nothing but a browser's own secret: a machine's token in a cookie would be a token that pages can send.
  if (!cookie.startsWith("pol_b_")) throw unauthenticated();
  return identify(cookie);
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
