import { Elysia } from "elysia";
import type { Caller } from "../../core/caller.ts";
import * as drivers from "../../core/drivers.ts";
import * as history from "../../core/history.ts";
import { inject } from "../../core/injections.ts";
import { input } from "../../core/input.ts";
import * as projects from "../../core/projects.ts";
import * as sessions from "../../core/sessions.ts";
import { Driver, Inject, NewProject, NewSession } from "../../wire/session.ts";
import { readJson } from "../body.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { listQuery, logQuery } from "../query.ts";
import { NO_PARSE } from "./projects.ts";

/** Sessions and what is done to them (row J1). */
export const sessionRoutes = (house: House) => {
  const { db, bell } = house;

  async function place(caller: Caller, params: { proj: string; sess: string }) {
    const project = await projects.get(db, caller, params.proj);
    const session = await sessions.get(db, caller, params.proj, params.sess);
    return { project, session };
  }

  return new Elysia({ name: "sessions" })
    .use(guard(house))
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
        return session;
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
    )
    .post(
      "/projects/:proj/sessions/:sess/inject",
      async ({ caller, request, params, set }) => {
        const where = await place(caller, params);
        const { text } = input(Inject, await readJson(request));
        const queued = await inject(db, bell, caller, where, text);
        set.status = 202;
        return { ...queued, state: "queued" };
      },
      { needs: "inject", ...NO_PARSE },
    )
    .post(
      "/projects/:proj/sessions/:sess/driver",
      async ({ caller, request, params }) => {
        const where = await place(caller, params);
        const { driver } = input(Driver, await readJson(request));
        return drivers.claim(db, bell, caller, where, driver ?? caller.participant);
      },
      { needs: "inject", ...NO_PARSE },
    )
    .post(
      "/projects/:proj/sessions/:sess/handoff",
      async ({ caller, params }) => drivers.release(db, bell, caller, await place(caller, params)),
      { needs: "inject", ...NO_PARSE },
    );
};

const SlugOnly = NewProject.pick({ slug: true });
