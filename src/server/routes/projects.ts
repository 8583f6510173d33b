import { Elysia } from "elysia";
import { z } from "zod";
import * as history from "../../core/history.ts";
import { input } from "../../core/input.ts";
import * as projects from "../../core/projects.ts";
import { remove } from "../../core/removal.ts";
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
    .get(
      "/projects",
      ({ caller, query }) =>
        projects.list(db, caller, { ...listQuery(query), ...input(Which, query) }),
      { needs: "read" },
    )
    .post(
      "/projects",
      async ({ caller, request, set }) => {
        const wanted = input(NewProject, await readJson(request));
        const { project, created } = await projects.create(db, caller, wanted, {
          onPurpose: true,
        });
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
        if (wanted.visibility === "private" || wanted.archived) house.watch.changed();
        return project;
      },
      { needs: "ingest", ...NO_PARSE },
    )
    .delete(
      "/projects/:proj",
      async ({ caller, params, query }) => {
        const { confirm } = input(Confirm, query);
        const lost = await remove(db, caller, params.proj, confirm);
        house.watch.changed();
        return lost;
      },
      { needs: "admin" },
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

/** `?tag=&archived=true` of the list. */
export const Which = z.object({
  tag: z.string().toLowerCase().max(32).optional(),
  archived: z.stringbool().optional(),
});

/** The slug once more, so that nothing is deleted by a slip. */
const Confirm = z.object({ confirm: z.string().max(64).default("") });

const Seq = z.object({ seq: z.coerce.number().int().min(1) });
