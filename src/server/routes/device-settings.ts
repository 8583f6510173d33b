import { Elysia } from "elysia";
import * as apiTokens from "../../core/api-tokens.ts";
import { type Caller, mayAdmin } from "../../core/caller.ts";
import * as devices from "../../core/devices.ts";
import { input } from "../../core/input.ts";
import { devicesPage } from "../../web/pages/devices.tsx";
import type { Frame } from "../../web/pages/shell.tsx";
import { tokensPage } from "../../web/pages/tokens.tsx";
import { respond } from "../../web/respond.ts";
import { PolarisError } from "../../wire/error.ts";
import { readFields } from "../form.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { startPage } from "../page.ts";
import { redirect } from "../redirect.ts";
import { NewToken, tokenOf } from "./devices.ts";
import { NO_PARSE } from "./projects.ts";

/** The pages of devices and tokens. Forms post back to their own page, so that they work without scripts. */
export const deviceSettingRoutes = (house: House) => {
  const { db, identify } = house;
  const page = startPage(house);

  async function tokens(
    request: Request,
    caller: Caller,
    frame: Frame,
    more: { made?: { name: string; secret: string }; problem?: string; status?: number } = {},
  ): Promise<Response> {
    const { items } = await apiTokens.list(db, caller, { all: mayAdmin(caller), limit: MOST });
    const { participant: viewer, scopes } = caller;
    const html = tokensPage({ ...frame, viewer, tokens: items, scopes, now: Date.now(), ...more });
    return respond(request, html, more.status);
  }

  return new Elysia({ name: "device-settings" })
    .use(guard(house))
    .get(
      "/app/settings/devices",
      ({ request }) =>
        page(request, async (caller, frame) => {
          const { items } = await devices.list(db, caller, { all: mayAdmin(caller), limit: MOST });
          const data = {
            viewer: caller.participant,
            devices: items,
            url: house.publicUrl,
            now: Date.now(),
          };
          return respond(request, devicesPage({ ...frame, ...data }));
        }),
      { page: "read" },
    )
    .post(
      "/app/settings/devices",
      ({ request }) =>
        page(request, async (caller) => {
          const form = await readFields(request);
          await devices.remove(db, caller, idOf(form));
          identify.forget();
          return redirect("/app/settings/devices");
        }),
      { page: "read", ...NO_PARSE },
    )
    .get(
      "/app/settings/tokens",
      ({ request }) => page(request, (caller, frame) => tokens(request, caller, frame)),
      { page: "read" },
    )
    .post(
      "/app/settings/tokens",
      ({ request }) =>
        page(request, async (caller, frame) => {
          const form = await readFields(request);
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
            return await tokens(request, caller, frame, {
              problem: `${error.message} ${error.hint}`,
              status: error.status,
            });
          }
        }),
      { page: "read", ...NO_PARSE },
    );
};

/** More than anybody keeps; the API pages through all. */
const MOST = 200;
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
