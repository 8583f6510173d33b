import { Elysia } from "elysia";
import type { Caller } from "../../core/caller.ts";
import * as drivers from "../../core/drivers.ts";
import * as history from "../../core/history.ts";
import { input } from "../../core/input.ts";
import { own, post } from "../../core/post.ts";
import * as projects from "../../core/projects.ts";
import * as sessions from "../../core/sessions.ts";
import { Driver, Inject, NewProject, NewSession } from "../../wire/session.ts";
import { authenticate } from "../auth.ts";
import { readJson } from "../body.ts";
import type { House } from "../house.ts";
import { listQuery, logQuery } from "../query.ts";
import { NO_PARSE } from "./projects.ts";

/** Sessions and what is done to them (row J1). */
export const sessionRoutes = (house: House) => {
  const { db, tokens, bell } = house;

  async function place(request: Request, params: { proj: string; sess: string }) {
    const caller: Caller = await authenticate(request, tokens);
    const project = await projects.get(db, caller, params.proj);
    const session = await sessions.get(db, caller, params.proj, params.sess);
    return { caller, project, session };
  }

  return new Elysia({ name: "sessions" })
    .get("/projects/:proj/sessions", async ({ request, params, query }) => {
      const caller = await authenticate(request, tokens);
      const project = await projects.get(db, caller, params.proj);
      return sessions.list(db, caller, project, listQuery(query));
    })
    .post(
      "/projects/:proj/sessions",
      async ({ request, params, set }) => {
        const caller = await authenticate(request, tokens);
        const wanted = input(NewSession, await readJson(request));
        const { project } = await projects.create(
          db,
          caller,
          input(SlugOnly, { slug: params.proj }),
        );
        const { session, created } = await sessions.create(db, caller, project, wanted);
        set.status = created ? 201 : 200;
        return session;
      },
      NO_PARSE,
    )
    .get("/projects/:proj/sessions/:sess", async ({ request, params }) => {
      const caller = await authenticate(request, tokens);
      return sessions.get(db, caller, params.proj, params.sess);
    })
    .get("/projects/:proj/sessions/:sess/messages", async ({ request, params, query }) => {
      const { caller, project, session } = await place(request, params);
      const range = { project: project.id, session: session.id, ...logQuery(query) };
      return history.page(db, caller, range);
    })
    .post(
      "/projects/:proj/sessions/:sess/inject",
      async ({ request, params, set }) => {
        const { caller, ...where } = await place(request, params);
        const { text } = input(Inject, await readJson(request));
        const event = own("injection.queued", caller.participant, {
          text,
          body: { from: caller.participant },
        });
        const [queued] = await post(db, bell, caller, { ...where, events: [event] });
        set.status = 202;
        return { id: event.id, seq: queued?.seq, state: "queued" };
      },
      NO_PARSE,
    )
    .post(
      "/projects/:proj/sessions/:sess/driver",
      async ({ request, params }) => {
        const { caller, ...where } = await place(request, params);
        const { driver } = input(Driver, await readJson(request));
        return drivers.claim(db, bell, caller, where, driver ?? caller.participant);
      },
      NO_PARSE,
    )
    .post(
      "/projects/:proj/sessions/:sess/handoff",
      async ({ request, params }) => {
        const { caller, ...where } = await place(request, params);
        return drivers.release(db, bell, caller, where);
      },
      NO_PARSE,
    );
};

const SlugOnly = NewProject.pick({ slug: true });
