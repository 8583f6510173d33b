import type { Server } from "bun";
import { BROWSER_SECONDS, openBrowser } from "../core/devices.ts";
import { refusalPage } from "../web/pages/refusal.tsx";
import { themeOf } from "../web/pages/shell.tsx";
import { respond } from "../web/respond.ts";
import { addressOf } from "./address.ts";
import { authenticate, COOKIE } from "./auth.ts";
import { cookie } from "./cookies.ts";
import { asPolarisError } from "./errors.ts";
import type { House } from "./house.ts";

type Peer = Server<unknown> | null;

/** What all ways in have in common: the browser's session, and a page for whom they refuse. */
export const startEntrance = (house: House) => {
  const { db, assets, identify, log } = house;
  const frameOf = (request: Request) => ({ assets, theme: themeOf(request.headers.get("cookie")) });
  const entrance = {
    frameOf,
    address: (request: Request, server: Peer) => addressOf(request, server, house.proxies),
    /** Who this browser is signed in as already. */
    session: (request: Request) => authenticate(request, identify).catch(() => undefined),
    setCookie(
      request: Request,
      name: string,
      value: string,
      { seconds, path = "/" }: { seconds: number; path?: string },
    ): string {
      return cookie(name, value, { seconds, path, isSecure: house.isSecure(request) });
    },
    sessionCookie: (request: Request, secret: string) =>
      entrance.setCookie(request, COOKIE, secret, {
        seconds: secret ? BROWSER_SECONDS : 0,
      }),
    /** Signs the browser in and sends it on. */
    async admit(
      request: Request,
      server: Peer,
      who: { org: string; user: string; next: string },
      ...cookies: string[]
    ): Promise<Response> {
      const name = request.headers.get("user-agent") ?? "browser";
      const address = entrance.address(request, server);
      const secret = await openBrowser(db, { org: who.org, user: who.user, name, address });
      return redirect(who.next, entrance.sessionCookie(request, secret), ...cookies);
    },
    refuse(request: Request, error: unknown): Response {
      const { code, message, hint, status } = asPolarisError(error, log);
      return respond(request, refusalPage({ ...frameOf(request), code, message, hint }), status);
    },
  };
  return entrance;
};
export type Entrance = ReturnType<typeof startEntrance>;

export function redirect(location: string, ...cookies: string[]): Response {
  const headers = new Headers({
    location,
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
  });
  for (const each of cookies) headers.append("set-cookie", each);
  return new Response(null, { status: 303, headers });
}

/** Only a path of our own: never another host, whatever the link says. */
export function pathOf(next: string | undefined): string {
  if (!next?.startsWith("/") || next.startsWith("//") || /[\\\p{Cc}]/u.test(next)) return "/app";
  return next;
}
