import { Elysia } from "elysia";
import { z } from "zod";
import type { Caller } from "../../core/caller.ts";
import * as grants from "../../core/grants.ts";
import * as orgs from "../../core/orgs.ts";
import { startBuckets } from "../../lib/bucket.ts";
import { CSP } from "../../web/csp.ts";
import { authorizePage, decidedPage, devicePage } from "../../web/pages/device.tsx";
import { respond } from "../../web/respond.ts";
import { PolarisError } from "../../wire/error.ts";
import { CLIENT } from "../../wire/token.ts";
import { readForm } from "../form.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { startPage } from "../page.ts";
import { redirect } from "../redirect.ts";
import { NO_PARSE } from "./projects.ts";

/** Where a signed-in person lets a machine in: by its code, or by the browser it has opened itself. */
export const grantRoutes = (house: House) => {
  const { db } = house;
  const page = startPage(house);
  const guesses = startBuckets({ perSecond: 1 / grants.DEVICE_SECONDS, burst: 10 });

  /** What waits under a code; every look counts before it is made, so that codes cannot be guessed. */
  async function waiting(caller: Caller, userCode: string) {
    if (guesses.take(caller.user) > 0) {
      throw new PolarisError("rate_limited", "That were too many codes.", {
        hint: "Wait ten minutes, then begin again on the machine.",
      });
    }
    const asking = await grants.asking(db, userCode);
    if (asking) guesses.spend(caller.user, -1);
    return asking;
  }

  return new Elysia({ name: "grants" })
    .use(guard(house))
    .get(
      "/auth/device",
      ({ request, query }) =>
        page(
          request,
          async (caller, frame) => {
            const viewer = caller.participant;
            const code = query.user_code;
            if (!code) return respond(request, devicePage({ ...frame, viewer }));
            const asking = await waiting(caller, code);
            if (!asking)
              return respond(request, devicePage({ ...frame, viewer, isWrong: true }), 404);
            const org = (await orgs.one(db, caller.org)).name;
            return respond(request, devicePage({ ...frame, viewer, asking, org }));
          },
          IN_PERSON,
        ),
      { page: "read" },
    )
    .post(
      "/auth/device/decision",
      ({ request }) =>
        page(
          request,
          async (caller, frame) => {
            const fields = await readForm(request);
            const isApproved = fields.decision === "approve";
            const asking = await waiting(caller, fields.user_code ?? "");
            const isDone = asking && (await grants.decide(db, caller, asking.userCode, isApproved));
            const viewer = caller.participant;
            if (!isDone) {
              return respond(request, devicePage({ ...frame, viewer, isWrong: true }), 404);
            }
            return respond(request, decidedPage({ ...frame, name: asking.name, isApproved }));
          },
          { ...IN_PERSON, back: "/auth/device" },
        ),
      { page: "read", ...NO_PARSE },
    )
    .get(
      "/auth/authorize",
      ({ request, query }) =>
        page(
          request,
          async (caller, frame) => {
            const wish = wishOf(query);
            const { participant: viewer, address } = caller;
            const html = authorizePage({
              ...frame,
              viewer,
              org: (await orgs.one(db, caller.org)).name,
              address: address ?? null,
              wish,
            });
            const response = respond(request, html);
            // Browsers hold a form to `form-action` also where its answer redirects (CSP 3 §6.4.2).
            response.headers.set(
              "content-security-policy",
              CSP.replace(
                "form-action 'self'",
                `form-action 'self' ${sourceOf(wish.redirect_uri)}`,
              ),
            );
            return response;
          },
          IN_PERSON,
        ),
      { page: "read" },
    )
    .post(
      "/auth/authorize",
      ({ request }) =>
        page(
          request,
          async (caller) => {
            const fields = await readForm(request);
            const wish = wishOf(fields);
            const back = new URL(wish.redirect_uri);
            back.searchParams.set("state", wish.state);
            if (fields.decision !== "approve") {
              back.searchParams.set("error", "access_denied");
              return redirect(back.href);
            }
            const {
              device_name: name,
              code_challenge: challenge,
              redirect_uri: redirectUri,
            } = wish;
            const code = await grants.openLoopback(db, caller, { name, challenge, redirectUri });
            back.searchParams.set("code", code);
            return redirect(back.href);
          },
          IN_PERSON,
        ),
      { page: "read", ...NO_PARSE },
    );
};

/** A token that could let machines in would give itself more than it has. */
const IN_PERSON = { inPerson: true };

/** RFC 8252 §7.3: the loopback address itself (a name could be made to mean another machine), any port, our path. */
const REDIRECT = /^http:\/\/(127\.0\.0\.1|\[::1\]):([1-9]\d{0,4})\/callback$/;

const Wish = z.object({
  response_type: z.literal("code"),
  client_id: z.literal(CLIENT),
  redirect_uri: z.string().max(60).regex(REDIRECT),
  code_challenge: z.string().regex(/^[\w-]{43}$/),
  code_challenge_method: z.literal("S256"),
  state: z.string().regex(/^[\w-]{16,128}$/),
  device_name: z.string().trim().min(1).max(200).default("a machine"),
});
export type Wish = z.infer<typeof Wish>;

/** Wrong requests are told here and never redirected: where to would be the request's own word. */
function wishOf(fields: unknown): Wish {
  const wish = Wish.safeParse(fields);
  if (wish.success) return wish.data;
  const [field = "request"] = wish.error.issues[0]?.path.map(String) ?? [];
  throw new PolarisError("invalid_request", `This sign-in is not right (${field}).`, {
    hint: "Run polaris login again, and open the address it prints as it is.",
  });
}

/** CSP has no word for an IPv6 address (its grammar is letters, digits, dots): there the scheme must do. */
const sourceOf = (redirectUri: string): string =>
  redirectUri.startsWith("http://[") ? "http:" : new URL(redirectUri).origin;
