import { Elysia } from "elysia";
import { z } from "zod";
import type { Caller } from "../../core/caller.ts";
import * as injections from "../../core/injections.ts";
import { input } from "../../core/input.ts";
import { canDeliver } from "../../core/listeners.ts";
import { INJECTION_STATES, type Via } from "../../wire/injection.ts";
import { Inject, InjectionChange } from "../../wire/session.ts";
import { readJson } from "../body.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { placeOf } from "../place.ts";
import { listQuery } from "../query.ts";
import { NO_PARSE } from "./projects.ts";

/** Advice into a session, and what became of it (rows C1, C4). */
export const injectionRoutes = (house: House) => {
  const { db, bell } = house;
  const most = house.limits.rates.advice;
  const place = placeOf(house);

  return new Elysia({ name: "injections" })
    .use(guard(house))
    .post(
      "/projects/:proj/sessions/:sess/inject",
      async ({ caller, request, params, set }) => {
        const where = await place(caller, params);
        const { id, text, via } = input(Inject, await readJson(request));
        set.status = 202;
        const door = caller.kind === "browser" ? "web" : (via ?? VIA[caller.kind]);
        return injections.inject(db, bell, caller, where, { id, text, via: door, most });
      },
      { needs: "inject", ...NO_PARSE },
    )
    .get(
      "/projects/:proj/sessions/:sess/injections",
      async ({ caller, params, query }) => {
        const where = await place(caller, params);
        const { state } = input(States, query);
        return injections.list(db, caller, where, { ...listQuery(query), states: state });
      },
      { needs: "read" },
    )
    .get(
      "/projects/:proj/sessions/:sess/injections/:id",
      async ({ caller, params }) =>
        injections.get(db, caller, await place(caller, params), params.id),
      { needs: "read" },
    )
    .patch(
      "/projects/:proj/sessions/:sess/injections/:id",
      async ({ caller, request, params }) => {
        const where = await place(caller, params);
        const { text } = input(InjectionChange, await readJson(request));
        return injections.edit(db, bell, caller, where, { id: params.id, text });
      },
      { needs: "inject", ...NO_PARSE },
    )
    .post(
      "/projects/:proj/sessions/:sess/injections/:id/held",
      async ({ caller, params }) => {
        const where = await place(caller, params);
        if (canDeliver(caller)) await injections.hold(db, caller, where, params.id);
        return { held: true };
      },
      { needs: "ingest", ...NO_PARSE },
    )
    .delete(
      "/projects/:proj/sessions/:sess/injections/:id",
      async ({ caller, params }) =>
        injections.recall(db, bell, caller, await place(caller, params), params.id),
      { needs: "inject" },
    );
};

const VIA: Record<Caller["kind"], Via> = { browser: "web", machine: "cli", api: "api" };

/** `?state=queued,delivered` */
const States = z.object({
  state: z
    .string()
    .transform((text) => text.split(",").filter(Boolean))
    .pipe(z.array(z.enum(INJECTION_STATES)))
    .optional(),
});
