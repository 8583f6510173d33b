import { Elysia } from "elysia";
import { z } from "zod";
import * as drivers from "../../core/drivers.ts";
import * as history from "../../core/history.ts";
import { input } from "../../core/input.ts";
import { everywhere } from "../../core/live-sessions.ts";
import * as projects from "../../core/projects.ts";
import * as sessions from "../../core/sessions.ts";
import { NewProject, NewSession, STATES } from "../../wire/session.ts";
import { readJson } from "../body.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { placeOf } from "../place.ts";
import { listQuery, logQuery } from "../query.ts";
import { NO_PARSE } from "./projects.ts";

/** Sessions and what is done to them (row J1). */
export const sessionRoutes = (house: House) => {
  const { db, bell } = house;
  const place = placeOf(house);

  return new Elysia({ name: "sessions" })
    .use(guard(house))
    .get(
      "/sessions",
      ({ caller, query }) => {
        const { state } = input(States, query);
        return everywhere(db, caller, { ...listQuery(query), states: state });
      },
      { needs: "read" },
    )
    .get(
      "/projects/:proj/sessions",
      async ({ caller, params, query }) => {
        const project = await projects.get(db, caller, params.proj);
        return sessions.list(db, caller, project, listQuery(query));
      },
      { needs: "read" },
    )
    .post(
      "/projects/:proj/sessions",
      async ({ caller, request, params, set }) => {
        const wanted = input(NewSession, await readJson(request));
        const slug = input(SlugOnly, { slug: params.proj });
        const { project } = await projects.create(db, caller, slug);
        const { session, created } = await sessions.create(db, caller, project, wanted);
        set.status = created ? 201 : 200;
        const driver = wanted.driver === undefined ? caller.participant : wanted.driver;
        return drivers.join(db, bell, caller, { project, session }, driver);
      },
      { needs: "ingest", ...NO_PARSE },
    )
    .get(
      "/projects/:proj/sessions/:sess",
      ({ caller, params }) => sessions.get(db, caller, params.proj, params.sess),
      { needs: "read" },
    )
    .get(
      "/projects/:proj/sessions/:sess/messages",
      async ({ caller, params, query }) => {
        const { project, session } = await place(caller, params);
        const range = { project: project.id, session: session.id, ...logQuery(query) };
        return history.page(db, caller, range);
      },
      { needs: "read" },
    );
};

/** `?state=working,idle` */
const States = z.object({
  state: z
    .string()
    .transform((text) => text.split(",").filter(Boolean))
    .pipe(z.array(z.enum(STATES)))
    .optional(),
});
const SlugOnly = NewProject.pick({ slug: true });
