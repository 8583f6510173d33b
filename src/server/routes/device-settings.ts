import type { Server } from "bun";
import { Elysia } from "elysia";
import * as apiTokens from "../../core/api-tokens.ts";
import { type Caller, isAtLeast } from "../../core/caller.ts";
import * as devices from "../../core/devices.ts";
import { input } from "../../core/input.ts";
import { devicesPage } from "../../web/pages/devices.tsx";
import { problemPage } from "../../web/pages/problem.tsx";
import { type Frame, themeOf } from "../../web/pages/shell.tsx";
import { tokensPage } from "../../web/pages/tokens.tsx";
import { respond } from "../../web/respond.ts";
import { PolarisError } from "../../wire/error.ts";
import { addressOf } from "../address.ts";
import { authenticate } from "../auth.ts";
import { readText } from "../body.ts";
import { asPolarisError } from "../errors.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { redirect } from "../entrance.ts";
import { NewToken, tokenOf } from "./devices.ts";
import { NO_PARSE } from "./projects.ts";

/** The pages of devices and tokens. Forms post back to their own page, so that they work without scripts. */
export const deviceSettingRoutes = (house: House) => {
  const { db, identify, assets, log } = house;

  async function page(
    request: Request,
    server: Server<unknown> | null,
    render: (caller: Caller, frame: Frame) => Promise<Response>,
  ): Promise<Response> {
    const frame = { assets, theme: themeOf(request.headers.get("cookie")) };
    try {
      const caller = await authenticate(request, identify);
      return await render({ ...caller, address: addressOf(request, server, house.proxies) }, frame);
    } catch (error) {
      const problem = asPolarisError(error, log);
      if (problem.status === 401) {
        return redirect(`/sign-in?next=${encodeURIComponent(new URL(request.url).pathname)}`);
      }
      const { status, message, hint } = problem;
      return respond(request, problemPage({ ...frame, status, message, hint }), status);
    }
  }

  const seesAll = (caller: Caller) => isAtLeast(caller.role, "admin");

  async function tokens(
    request: Request,
    caller: Caller,
    frame: Frame,
    more: { made?: { name: string; secret: string }; problem?: string } = {},
  ): Promise<Response> {
    const { items } = await apiTokens.list(db, caller, { all: seesAll(caller), limit: MOST });
    const { participant: viewer, scopes } = caller;
    const html = tokensPage({ ...frame, viewer, tokens: items, scopes, now: Date.now(), ...more });
    return respond(request, html, more.problem ? 400 : 200);
  }

  return new Elysia({ name: "settings" })
    .use(guard(house))
    .get(
      "/app/settings/devices",
      ({ request, server }) =>
        page(request, server, async (caller, frame) => {
          const { items } = await devices.list(db, caller, { all: seesAll(caller), limit: MOST });
          const data = {
            viewer: caller.participant,
            devices: items,
            now: Date.now(),
            url: house.publicUrl,
          };
          return respond(request, devicesPage({ ...frame, ...data }));
        }),
      { page: "read" },
    )
    .post(
      "/app/settings/devices",
      ({ request, server }) =>
        page(request, server, async (caller) => {
          const form = new URLSearchParams(await readText(request, SMALL));
          if (form.get("act") === "all") {
            await devices.removeAll(db, caller);
            identify.forget();
            return redirect("/sign-in");
          }
          await devices.remove(db, caller, idOf(form));
          identify.forget();
          return redirect("/app/settings/devices");
        }),
      { page: "read", ...NO_PARSE },
    )
    .get(
      "/app/settings/tokens",
      ({ request, server }) =>
        page(request, server, (caller, frame) => tokens(request, caller, frame)),
      { page: "read" },
    )
    .post(
      "/app/settings/tokens",
      ({ request, server }) =>
        page(request, server, async (caller, frame) => {
          const form = new URLSearchParams(await readText(request, SMALL));
          if (form.get("act") === "revoke") {
            await apiTokens.remove(db, caller, idOf(form));
            identify.forget();
            return redirect("/app/settings/tokens");
          }
          try {
            const wanted = tokenOf(input(NewToken, wishOf(form)));
            const { secret } = await apiTokens.create(db, caller, wanted);
            // Shown in the answer itself and never again: an address that shows it could be opened twice.
            return await tokens(request, caller, frame, { made: { name: wanted.name, secret } });
          } catch (error) {
            if (!(error instanceof PolarisError)) throw error;
            return await tokens(request, caller, frame, { problem: error.message });
          }
        }),
      { page: "read", ...NO_PARSE },
    );
};

/** More than anybody keeps; the API pages through all. */
const MOST = 200;
const SMALL = 16 * 1024;
const DAY_MS = 24 * 3600_000;

function idOf(form: URLSearchParams): string {
  const id = form.get("id") ?? "";
  if (/^[0-9a-f-]{36}$/i.test(id)) return id;
  throw new PolarisError("not_found", "There is nothing of that kind here.");
}

function wishOf(form: URLSearchParams) {
  const days = Number(form.get("days"));
  const participant = form.get("participant")?.trim();
  return {
    name: form.get("name") ?? "",
    scopes: form.getAll("scope"),
    ...(days > 0 ? { expiresAt: new Date(Date.now() + days * DAY_MS).toISOString() } : {}),
    ...(participant ? { participant } : {}),
  };
}
