/** Who is signed in, in a browser. */
export const SESSION_COOKIE = "polaris_session";
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
