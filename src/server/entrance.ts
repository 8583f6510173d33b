import { BROWSER_SECONDS, openBrowser } from "../core/devices.ts";
import { refusalPage } from "../web/pages/refusal.tsx";
import { respond } from "../web/respond.ts";
import { authenticate } from "./auth.ts";
import { cookie, SESSION_COOKIE } from "./cookies.ts";
import { asPolarisError } from "./errors.ts";
import type { House } from "./house.ts";
import { frameOf } from "./page.ts";
import { redirect } from "./redirect.ts";

/** What all ways in have in common: the browser's session, and a page for whom they refuse. */
export const startEntrance = (house: House) => {
  const { db, identify, log } = house;
  const entrance = {
    frameOf: (request: Request) => frameOf(house, request),
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
      entrance.setCookie(request, SESSION_COOKIE, secret, {
        seconds: secret ? BROWSER_SECONDS : 0,
      }),
    /** Signs the browser in and sends it on. */
    async admit(
      request: Request,
      who: { org: string; user: string; next: string },
      ...cookies: string[]
    ): Promise<Response> {
      const name = request.headers.get("user-agent") ?? "browser";
      const address = house.addressOf(request);
      const secret = await openBrowser(db, { org: who.org, user: who.user, name, address });
      return redirect(who.next, entrance.sessionCookie(request, secret), ...cookies);
    },
    refuse(request: Request, error: unknown): Response {
      const { code, message, hint, status } = asPolarisError(error, log);
      const page = { ...frameOf(house, request), code, message, hint };
      return respond(request, refusalPage(page), status);
    },
  };
  return entrance;
};
