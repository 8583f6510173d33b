import { Elysia } from "elysia";
import * as drivers from "../../core/drivers.ts";
import { input } from "../../core/input.ts";
import { mute } from "../../core/mute.ts";
import { Driver, Handoff, Mute } from "../../wire/session.ts";
import { readJson } from "../body.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { placeOf } from "../place.ts";
import { NO_PARSE } from "./projects.ts";

/** Who drives a session, and whether it takes advice (rows B2, B8, C5). */
export const driverRoutes = (house: House) => {
  const { db, bell } = house;
  const place = placeOf(house);
  return new Elysia({ name: "drivers" })
    .use(guard(house))
    .post(
      "/projects/:proj/sessions/:sess/driver",
      async ({ caller, request, params }) => {
        const where = await place(caller, params);
        return drivers.claim(db, bell, caller, where, input(Driver, await readJson(request)));
      },
      { needs: "inject", ...NO_PARSE },
    )
    .post(
      "/projects/:proj/sessions/:sess/handoff",
      async ({ caller, request, params }) => {
        const where = await place(caller, params);
        return drivers.handOff(db, bell, caller, where, input(Handoff, await readJson(request)));
      },
      { needs: "inject", ...NO_PARSE },
    )
    .post(
      "/projects/:proj/sessions/:sess/mute",
      async ({ caller, request, params }) => {
        const where = await place(caller, params);
        const { muted } = input(Mute, await readJson(request));
        return mute(db, bell, caller, where, muted);
      },
      { needs: "inject", ...NO_PARSE },
    );
};
