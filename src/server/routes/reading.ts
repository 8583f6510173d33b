import { Elysia } from "elysia";
import { input } from "../../core/input.ts";
import { label } from "../../core/labels.ts";
import { outline } from "../../core/outline.ts";
import * as projects from "../../core/projects.ts";
import * as sessions from "../../core/sessions.ts";
import { SessionChange } from "../../wire/session.ts";
import { readJson } from "../body.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { NO_PARSE } from "./projects.ts";

/** What a reader of a session asks for beside its events, and what they call it (row E4). */
export const readingRoutes = (house: House) => {
  const { db, bell } = house;
  return new Elysia({ name: "reading" })
    .use(guard(house))
    .get(
      "/projects/:proj/sessions/:sess/outline",
      async ({ caller, params }) => {
        const project = await projects.get(db, caller, params.proj);
        const session = await sessions.get(db, caller, params.proj, params.sess);
        return outline(db, caller, { project: project.id, session: session.id });
      },
      { needs: "read" },
    )
    .patch(
      "/projects/:proj/sessions/:sess",
      async ({ caller, params, request }) => {
        const wanted = input(SessionChange, await readJson(request));
        const project = await projects.get(db, caller, params.proj);
        const session = await sessions.get(db, caller, params.proj, params.sess);
        return label(db, bell, caller, { project, session }, wanted.label);
      },
      { needs: "ingest", ...NO_PARSE },
    );
};
