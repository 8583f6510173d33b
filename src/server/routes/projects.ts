import { Elysia } from "elysia";
import { z } from "zod";
import * as history from "../../core/history.ts";
import { input } from "../../core/input.ts";
import * as projects from "../../core/projects.ts";
import { NewProject, ProjectChange } from "../../wire/session.ts";
import { readJson } from "../body.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { listQuery, logQuery } from "../query.ts";

/** Projects, and their history (row J1). */
export const projectRoutes = (house: House) => {
  const { db } = house;
  return new Elysia({ name: "projects" })
    .use(guard(house))
    .get("/projects", ({ caller, query }) => projects.list(db, caller, listQuery(query)), {
      needs: "read",
    })
    .post(
      "/projects",
      async ({ caller, request, set }) => {
        const wanted = input(NewProject, await readJson(request));
        const { project, created } = await projects.create(db, caller, wanted);
        set.status = created ? 201 : 200;
        return project;
      },
      { needs: "ingest", ...NO_PARSE },
    )
    .patch(
      "/projects/:proj",
      async ({ caller, params, request }) => {
        const wanted = input(ProjectChange, await readJson(request));
        const project = await projects.change(db, caller, params.proj, wanted);
        if (wanted.visibility === "private") house.watch.changed();
        return project;
      },
      { needs: "ingest", ...NO_PARSE },
    )
    .get("/projects/:proj", ({ caller, params }) => projects.get(db, caller, params.proj), {
      needs: "read",
    })
    .get(
      "/projects/:proj/messages",
      async ({ caller, params, query }) => {
        const project = await projects.get(db, caller, params.proj);
        return history.page(db, caller, { project: project.id, ...logQuery(query) });
      },
      { needs: "read" },
    )
    .get(
      "/projects/:proj/events/:seq",
      async ({ caller, params }) => {
        const project = await projects.get(db, caller, params.proj);
        const { seq } = input(Seq, params);
        return history.one(db, caller, project, seq);
      },
      { needs: "read" },
    );
};

/** Bodies are read by `readJson`, with our own limit and error. */
export const NO_PARSE = { parse: "none" } as const;

const Seq = z.object({ seq: z.coerce.number().int().min(1) });
