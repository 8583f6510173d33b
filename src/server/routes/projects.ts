import { Elysia } from "elysia";
import { z } from "zod";
import * as history from "../../core/history.ts";
import { input } from "../../core/input.ts";
import * as projects from "../../core/projects.ts";
import { search } from "../../core/search.ts";
import { NewProject } from "../../wire/session.ts";
import { authenticate } from "../auth.ts";
import { readJson } from "../body.ts";
import type { House } from "../house.ts";
import { listQuery, logQuery } from "../query.ts";

/** Projects, their history and search (rows J1, J3). */
export const projectRoutes = (house: House) => {
  const { db, tokens } = house;
  return new Elysia({ name: "projects" })
    .get("/projects", async ({ request, query }) => {
      return projects.list(db, await authenticate(request, tokens), listQuery(query));
    })
    .post(
      "/projects",
      async ({ request, set }) => {
        const caller = await authenticate(request, tokens);
        const { project, created } = await projects.create(
          db,
          caller,
          input(NewProject, await readJson(request)),
        );
        set.status = created ? 201 : 200;
        return project;
      },
      NO_PARSE,
    )
    .get("/projects/:proj", async ({ request, params }) => {
      return projects.get(db, await authenticate(request, tokens), params.proj);
    })
    .get("/projects/:proj/messages", async ({ request, params, query }) => {
      const caller = await authenticate(request, tokens);
      const project = await projects.get(db, caller, params.proj);
      return history.page(db, caller, { project: project.id, ...logQuery(query) });
    })
    .get("/projects/:proj/events/:seq", async ({ request, params }) => {
      const caller = await authenticate(request, tokens);
      const project = await projects.get(db, caller, params.proj);
      const { seq } = input(Seq, params);
      return history.one(db, caller, project, seq);
    })
    .get("/search", async ({ request, query }) => {
      const caller = await authenticate(request, tokens);
      const { project: slug, q, ...range } = input(Search, query);
      const project = await projects.get(db, caller, slug);
      return search(db, caller, { project: project.id, words: q, ...range });
    });
};

/** Bodies are read by `readJson`, with our own limit and error. */
export const NO_PARSE = { parse: "none" } as const;

const Seq = z.object({ seq: z.coerce.number().int().min(1) });
const Search = z.object({
  project: z.string().min(1),
  q: z.string().min(1).max(1000),
  before: z.coerce.number().int().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
