import { Elysia } from "elysia";
import { claim, offer } from "../../core/tokens.ts";
import { PolarisError } from "../../wire/error.ts";
import { authenticate, COOKIE } from "../auth.ts";
import type { House } from "../house.ts";

/** Signing in with a one-time link, and out again. Accounts come on top of this. */
export const authRoutes = (house: House) => {
  const { db, tokens, publicUrl } = house;
  const flags = `Path=/; HttpOnly; SameSite=Lax${publicUrl.startsWith("https:") ? "; Secure" : ""}`;
  return new Elysia({ name: "auth" })
    .post("/auth/claims", async ({ request }) => {
      const caller = await authenticate(request, tokens);
      if (caller.kind !== "owner") {
        throw new PolarisError("forbidden", "Only the owner's token makes sign-in links.");
      }
      const code = await offer(db, caller);
      return { claimUrl: `${house.publicUrl}/claim?code=${code}&next=%2Fapp` };
    }, { parse: "none" })
    .get("/claim", async ({ request, query }) => {
      const next = pathOf(query.next);
      // Opened twice in the same browser: already signed in, so go on.
      const signedIn = await authenticate(request, tokens).catch(() => undefined);
      if (signedIn) return redirect(next);
      const secret = await claim(db, query.code ?? "");
      return redirect(next, `${COOKIE}=${secret}; Max-Age=${30 * 24 * 3600}; ${flags}`);
    })
    .post("/auth/signout", async ({ request }) => {
      await tokens.revoke(await authenticate(request, tokens));
      return redirect("/", `${COOKIE}=; Max-Age=0; ${flags}`);
    }, { parse: "none" });
};

function redirect(to: string, cookie?: string): Response {
  const headers = new Headers({ location: to, "cache-control": "no-store", "referrer-policy": "no-referrer" });
  if (cookie) headers.set("set-cookie", cookie);
  return new Response(null, { status: 303, headers });
}

/** Only a path of our own: never another host, whatever the link says. */
function pathOf(next: string | undefined): string {
  if (!next?.startsWith("/") || next.startsWith("//") || next.includes("\\")) return "/app";
  return next;
}
