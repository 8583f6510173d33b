import type { Server } from "bun";
import { Elysia } from "elysia";
import { BROWSER_SECONDS, openBrowser, revoke } from "../../core/devices.ts";
import * as links from "../../core/links.ts";
import { hasOwner, homeOrg } from "../../core/people.ts";
import { themeOf } from "../../web/pages/shell.tsx";
import { claimPage, signInPage } from "../../web/pages/sign-in.tsx";
import { respond } from "../../web/respond.ts";
import { PolarisError } from "../../wire/error.ts";
import { addressOf } from "../address.ts";
import { authenticate, COOKIE } from "../auth.ts";
import { readText } from "../body.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { NO_PARSE } from "./projects.ts";

/** Coming in by a one-time link, and going out again. */
export const authRoutes = (house: House) => {
  const { db, assets, identify } = house;
  const frameOf = (request: Request) => ({ assets, theme: themeOf(request.headers.get("cookie")) });
  const cookie = (request: Request, secret: string, seconds: number) =>
    `${COOKIE}=${secret}; Max-Age=${seconds}; Path=/; HttpOnly; SameSite=Lax${
      house.isSecure(request) ? "; Secure" : ""
    }`;

  /** Uses the link for this person and signs their browser in. */
  async function open(
    request: Request,
    server: Server<unknown> | null,
    code: string,
    email: string,
    next: string,
    name?: string,
  ): Promise<Response> {
    try {
      const { org, user } = await links.use(db, code, { email, name });
      const address = addressOf(request, server, house.proxies);
      const browser = request.headers.get("user-agent") ?? "browser";
      const secret = await openBrowser(db, { org, user: user.id, name: browser, address });
      return redirect(next, cookie(request, secret, BROWSER_SECONDS));
    } catch (error) {
      if (!(error instanceof PolarisError)) throw error;
      const page = claimPage({ ...frameOf(request), code: "", problem: "used" });
      return respond(request, page, error.status);
    }
  }

  return new Elysia({ name: "auth" })
    .use(guard(house))
    .post(
      "/auth/claims",
      async () => {
        const org = await homeOrg(db);
        if (await hasOwner(db, org)) {
          throw new PolarisError("conflict", "This server has an owner already.", {
            hint: "They sign in as ever, and invite others from the dashboard.",
          });
        }
        const code = await links.make(db, { kind: "claim", org, role: "owner" });
        return { claimUrl: `${house.publicUrl}/claim?code=${code}` };
      },
      { local: true, ...NO_PARSE },
    )
    .get(
      "/claim",
      async ({ request, query, server }) => {
        const next = pathOf(query.next);
        // Opened again in the same browser: already signed in, so go on.
        if (await authenticate(request, identify).catch(() => undefined)) return redirect(next);
        const link = await links.peek(db, query.code ?? "");
        // A link for one address, opened by a person in a browser, lets them in at once. Programs that look at links in
        // advance (chat previews, mail scanners) do not send this header; they get a page and use nothing up.
        const isPerson = request.headers.get("sec-fetch-mode") === "navigate";
        if (link?.email && isPerson)
          return open(request, server, query.code ?? "", link.email, next);
        const problem = link ? {} : { problem: "used" as const };
        const page = claimPage({ ...frameOf(request), code: query.code ?? "", next, ...problem });
        return respond(request, page, link ? 200 : 410);
      },
      { anyone: true },
    )
    .post(
      "/claim",
      async ({ request, server }) => {
        const form = new URLSearchParams(await readText(request, SMALL));
        const next = pathOf(form.get("next") ?? undefined);
        const [code, email, name] = ["code", "email", "name"].map((field) => form.get(field) ?? "");
        return open(request, server, code ?? "", email ?? "", next, name);
      },
      { anyone: true, ...NO_PARSE },
    )
    .get(
      "/sign-in",
      ({ request, query }) =>
        respond(request, signInPage({ ...frameOf(request), next: pathOf(query.next) })),
      { anyone: true },
    )
    .post(
      "/auth/signout",
      async ({ caller, request }) => {
        await revoke(db, caller.org, caller.token);
        identify.forget();
        return redirect("/", cookie(request, "", 0));
      },
      { needs: "self", ...NO_PARSE },
    );
};

const SMALL = 16 * 1024;

export function redirect(location: string, setCookie?: string): Response {
  const headers = new Headers({
    location,
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
  });
  if (setCookie) headers.set("set-cookie", setCookie);
  return new Response(null, { status: 303, headers });
}

/** Only a path of our own: never another host, whatever the link says. */
export function pathOf(next: string | undefined): string {
  if (!next?.startsWith("/") || next.startsWith("//") || next.includes("\\")) return "/app";
  return next;
}
