import { Elysia } from "elysia";
import * as checks from "../../core/checks.ts";
import { input } from "../../core/input.ts";
import * as projects from "../../core/projects.ts";
import { Checks, Known } from "../../wire/check.ts";
import { readJson } from "../body.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { NO_PARSE } from "./projects.ts";

/** Where machines compare what they hold with what is here. */
export const checkRoutes = (house: House) => {
  const { db } = house;
  return new Elysia({ name: "checks" })
    .use(guard(house))
    .post(
      "/ingest/checks",
      async ({ caller, request }) =>
        checks.check(db, caller, input(Checks, await readJson(request))),
      { needs: "ingest", ...NO_PARSE },
    )
    .post(
      "/projects/:proj/known",
      async ({ caller, params, request }) => {
        const { ids } = input(Known, await readJson(request));
        const project = await projects.get(db, caller, params.proj);
        return { missing: await checks.unknown(db, caller, project.id, ids) };
      },
      { needs: "ingest", ...NO_PARSE },
    );
};
