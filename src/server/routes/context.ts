import { Elysia } from "elysia";
import { z } from "zod";
import { projectBrief, sessionBrief } from "../../core/brief.ts";
import { context } from "../../core/context.ts";
import { input } from "../../core/input.ts";
import * as projects from "../../core/projects.ts";
import * as sessions from "../../core/sessions.ts";
import { Participant } from "../../wire/participant.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { placeOf } from "../place.ts";

/** What other sessions have done, and what they are about, within a budget of tokens (rows B5, B8). */
export const contextRoutes = (house: House) => {
  const { db } = house;
  const place = placeOf(house);
  return new Elysia({ name: "context" })
    .use(guard(house))
    .get(
      "/projects/:proj/context",
      async ({ caller, params, query }) => {
        const project = await projects.get(db, caller, params.proj);
        const { session, ...asked } = input(Asked, query);
        const named = session && (await sessions.get(db, caller, project.slug, session));
        return context(db, caller, project, { ...asked, session: named ? named.name : undefined });
      },
      { needs: "read" },
    )
    .get(
      "/projects/:proj/brief",
      async ({ caller, params, query }) => {
        const { budget } = input(Budget, query);
        return projectBrief(db, caller, await projects.get(db, caller, params.proj), budget);
      },
      { needs: "read" },
    )
    .get(
      "/projects/:proj/sessions/:sess/brief",
      async ({ caller, params, query }) => {
        const { budget } = input(Budget, query);
        return sessionBrief(db, caller, await place(caller, params), budget);
      },
      { needs: "read" },
    );
};

/** Tokens; a hundred hold a session's head and little more. */
const Budget = z.object({ budget: z.coerce.number().int().min(100).max(50_000).default(1500) });
const time = z.iso.datetime({ offset: true });
const Asked = Budget.extend({
  session: z.string().max(64).optional(),
  except: z.string().max(64).optional(),
  person: Participant.optional(),
  after: time.optional(),
  before: time.optional(),
  q: z.string().min(1).max(1000).optional(),
  cursor: z.coerce.number().int().min(1).optional(),
});
