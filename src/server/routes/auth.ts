import { Elysia } from "elysia";
import { claim, mint, offer } from "../../core/tokens.ts";
import { themeOf } from "../../web/pages/shell.tsx";
import { claimPage, signInPage } from "../../web/pages/sign-in.tsx";
import { respond } from "../../web/respond.ts";
import { PolarisError } from "../../wire/error.ts";
import { authenticate, COOKIE, isSameOrigin } from "../auth.ts";
import { readText } from "../body.ts";
import type { House } from "../house.ts";
import { NO_PARSE } from "./projects.ts";

/** Signing in with a one-time link or a token, and out again. Accounts come on top of this. */
export const authRoutes = (house: House) => {
  const { db, tokens, assets } = house;
  const frameOf = (request: Request) => ({ assets, theme: themeOf(request.headers.get("cookie")) });
  const cookie = (secret: string, seconds: number) =>
    `${COOKIE}=${secret}; Max-Age=${seconds}; Path=/; HttpOnly; SameSite=Lax${
      house.publicUrl.startsWith("https:") ? "; Secure" : ""
    }`;

  async function open(request: Request, code: string, next: string): Promise<Response> {
    try {
      return redirect(next, cookie(await claim(db, code), SESSION_SECONDS));
    } catch (error) {
      if (!(error instanceof PolarisError)) throw error;
      const page = claimPage({ ...frameOf(request), code: "", problem: "used" });
      return respond(request, page, error.status);
    }
  }

  return new Elysia({ name: "auth" })
    .post(
      "/auth/claims",
      async ({ request }) => {
        const caller = await authenticate(request, tokens);
        if (caller.kind !== "owner") {
          throw new PolarisError("forbidden", "Only the owner's token makes sign-in links.");
        }
        const code = await offer(db, caller);
        return { claimUrl: `${house.publicUrl}/claim?code=${code}&next=%2Fapp` };
      },
      NO_PARSE,
    )
    .get("/claim", async ({ request, query }) => {
      const next = pathOf(query.next);
      // Opened again in the same browser: already signed in, so go on.
      if (await authenticate(request, tokens).catch(() => undefined)) return redirect(next);
      // A person who opens the link in a browser is in at once. Programs that look at links in advance (chat
      // previews, mail scanners) do not send this header; they get a page with a button and use nothing up.
      const isPerson = request.headers.get("sec-fetch-mode") === "navigate";
      if (isPerson) return open(request, query.code ?? "", next);
      return respond(request, claimPage({ ...frameOf(request), code: query.code ?? "", next }));
    })
    .post(
      "/claim",
      async ({ request }) => {
        const form = new URLSearchParams(await readText(request, SMALL));
        return open(request, form.get("code") ?? "", pathOf(form.get("next") ?? undefined));
      },
      NO_PARSE,
    )
    .get("/sign-in", ({ request, query }) =>
      respond(request, signInPage({ ...frameOf(request), next: pathOf(query.next) })),
    )
    .post(
      "/sign-in",
      async ({ request }) => {
        const form = new URLSearchParams(await readText(request, SMALL));
        const next = pathOf(form.get("next") ?? undefined);
        const site = request.headers.get("sec-fetch-site");
        if (site && !isSameOrigin(request))
          throw new PolarisError("forbidden", "Sign in on Polaris's own page.");
        const caller = await tokens.verify(form.get("token")?.trim() ?? "").catch(() => undefined);
        if (!caller)
          return respond(request, signInPage({ ...frameOf(request), problem: "wrong", next }), 401);
        const expiresAt = new Date(Date.now() + SESSION_SECONDS * 1000);
        const { org, participant } = caller;
        const secret = await mint(db, { org, participant, kind: "web", expiresAt });
        return redirect(next, cookie(secret, SESSION_SECONDS));
      },
      NO_PARSE,
    )
    .post(
      "/auth/signout",
      async ({ request }) => {
        await tokens.revoke(await authenticate(request, tokens));
        return redirect("/", cookie("", 0));
      },
      NO_PARSE,
    );
};

const SESSION_SECONDS = 30 * 24 * 3600;
const SMALL = 16 * 1024;

function redirect(location: string, setCookie?: string): Response {
  const headers = new Headers({
    location,
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
  });
  if (setCookie) headers.set("set-cookie", setCookie);
  return new Response(null, { status: 303, headers });
}

/** Only a path of our own: never another host, whatever the link says. */
function pathOf(next: string | undefined): string {
  if (!next?.startsWith("/") || next.startsWith("//") || next.includes("\\")) return "/app";
  return next;
}
