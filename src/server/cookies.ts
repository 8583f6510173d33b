import type { Server } from "bun";
import type { House } from "./house.ts";

/** The browser that began a sign-in. Sent only to the routes that need it. */
export const SIGN_IN_COOKIE = "polaris_signin";
/** A verified person who is about to make an organisation. */
export const SIGN_UP_COOKIE = "polaris_signup";

export function readCookie(request: Request, name: string): string | undefined {
  for (const part of (request.headers.get("cookie") ?? "").split(";")) {
    const at = part.indexOf("=");
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}

/** HttpOnly and Lax always: no script reads it, no other site's form carries it. */
export function cookie(
  name: string,
  value: string,
  { seconds, isSecure, path = "/" }: { seconds: number; isSecure: boolean; path?: string },
): string {
  const secure = isSecure ? "; Secure" : "";
  return `${name}=${value}; Max-Age=${seconds}; Path=${path}; HttpOnly; SameSite=Lax${secure}`;
}

/** Whether the person's browser speaks https with us, by itself or through a configured proxy. */
export function isSecure(
  request: Request,
  server: Server<unknown> | null,
  { publicUrl, proxies }: Pick<House, "publicUrl" | "proxies">,
): boolean {
  if (publicUrl.startsWith("https:")) return true;
  const peer = server?.requestIP(request)?.address;
  if (!peer || !proxies.includes(peer)) return false;
  return request.headers.get("x-forwarded-proto")?.split(",").at(-1)?.trim() === "https";
}
