import type { Server } from "bun";
import { Elysia } from "elysia";
import { z } from "zod";
import type { Caller } from "../../core/caller.ts";
import * as grants from "../../core/grants.ts";
import { attempts } from "../../lib/attempts.ts";
import { CSP } from "../../web/csp.ts";
import { authorizePage, decidedPage, devicePage } from "../../web/pages/device.tsx";
import { problemPage } from "../../web/pages/problem.tsx";
import { type Frame, themeOf } from "../../web/pages/shell.tsx";
import { respond } from "../../web/respond.ts";
import { PolarisError } from "../../wire/error.ts";
import { CLIENT } from "../../wire/token.ts";
import { addressOf } from "../address.ts";
import { authenticate } from "../auth.ts";
import { redirect } from "../entrance.ts";
import { asPolarisError } from "../errors.ts";
import { fieldsOf } from "../fields.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { NO_PARSE } from "./projects.ts";

/** Where a signed-in person lets a machine in: by its code, or by the browser it has opened itself. */
export const grantRoutes = (house: House) => {
  const { db, identify, assets, log } = house;
  const guesses = attempts({ most: 10, windowMs: grants.DEVICE_SECONDS * 1000 });

  /** Runs a page for a person in a browser; who is not signed in goes to the door and comes back. */
  async function page(
    request: Request,
    server: Server<unknown> | null,
    render: (caller: Caller, frame: Frame) => Promise<Response>,
  ): Promise<Response> {
    const frame = { assets, theme: themeOf(request.headers.get("cookie")) };
    try {
      const caller = await authenticate(request, identify);
      // A token that could sign machines in would give itself more than it has.
      if (caller.kind !== "browser") {
        throw new PolarisError("forbidden", "Only a person in a browser can let a machine in.");
      }
      const address = addressOf(request, server, house.proxies);
      return await render({ ...caller, address }, frame);
    } catch (error) {
      const problem = asPolarisError(error, log);
      if (problem.status === 401 && request.method === "GET") {
        const { pathname, search } = new URL(request.url);
        return redirect(`/sign-in?next=${encodeURIComponent(pathname + search)}`);
      }
      const { status, message, hint } = problem;
      return respond(request, problemPage({ ...frame, status, message, hint }), status);
    }
  }

  /** What waits under a code; every look counts, so that codes cannot be guessed. */
  async function waiting(caller: Caller, userCode: string) {
    if (guesses.attempt(caller.user) > 0) {
      throw new PolarisError("rate_limited", "That were too many codes.", {
        hint: "Wait ten minutes, then begin again on the machine.",
      });
    }
    const asking = await grants.asking(db, userCode);
    if (asking) guesses.forgive(caller.user);
    return asking;
  }

  return new Elysia({ name: "grants" })
    .use(guard(house))
    .get(
      "/auth/device",
      ({ request, server, query }) =>
        page(request, server, async (caller, frame) => {
          const viewer = caller.participant;
          const code = query.user_code;
          if (!code) return respond(request, devicePage({ ...frame, viewer }));
          const asking = await waiting(caller, code);
          if (asking)
            return respond(
              request,
              devicePage({ ...frame, viewer, asking, org: await grants.orgName(db, caller) }),
            );
          return respond(request, devicePage({ ...frame, viewer, isWrong: true }), 404);
        }),
      { page: "read" },
    )
    .post(
      "/auth/device/decision",
      ({ request, server }) =>
        page(request, server, async (caller, frame) => {
          const fields = await fieldsOf(request);
          const isApproved = fields.decision === "approve";
          const asking = await waiting(caller, fields.user_code ?? "");
          const isDone = asking && (await grants.decide(db, caller, asking.userCode, isApproved));
          const viewer = caller.participant;
          if (!isDone) {
            return respond(request, devicePage({ ...frame, viewer, isWrong: true }), 404);
          }
          return respond(request, decidedPage({ ...frame, name: asking.name, isApproved }));
        }),
      { page: "read", ...NO_PARSE },
    )
    .get(
      "/auth/authorize",
      ({ request, server, query }) =>
        page(request, server, async (caller, frame) => {
          const wish = wishOf(query);
          const { participant: viewer, address } = caller;
          const html = authorizePage({
            ...frame,
            viewer,
            org: await grants.orgName(db, caller),
            address: address ?? null,
            wish,
          });
          const response = respond(request, html);
          // Browsers hold a form to `form-action` also where its answer redirects (CSP 3 §6.4.2).
          response.headers.set(
            "content-security-policy",
            CSP.replace("form-action 'self'", `form-action 'self' ${sourceOf(wish.redirect_uri)}`),
          );
          return response;
        }),
      { page: "read" },
    )
    .post(
      "/auth/authorize",
      ({ request, server }) =>
        page(request, server, async (caller) => {
          const fields = await fieldsOf(request);
          const wish = wishOf(fields);
          const back = new URL(wish.redirect_uri);
          back.searchParams.set("state", wish.state);
          if (fields.decision !== "approve") {
            back.searchParams.set("error", "access_denied");
            return redirect(back.href);
          }
          const { device_name: name, code_challenge: challenge, redirect_uri: redirectUri } = wish;
          const code = await grants.openLoopback(db, caller, { name, challenge, redirectUri });
          back.searchParams.set("code", code);
          return redirect(back.href);
        }),
      { page: "read", ...NO_PARSE },
    );
};

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
