import { Elysia } from "elysia";
import { z } from "zod";
import { input } from "../../core/input.ts";
import * as projects from "../../core/projects.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { eventOf, sse } from "../sse.ts";

/** Who works on what, live: one stream for the team's page, or for one project's (rows E2, E3). */
export const teamRoutes = (house: House) => {
  const { db, lineup } = house;
  return new Elysia({ name: "team" }).use(guard(house)).get(
    "/live/sessions",
    async ({ caller, request, query }) => {
      const { project: slug, since: asked } = input(Query, query);
      const last = request.headers.get("last-event-id");
      const since = last ? input(Since, last) : asked;
      const project = slug ? (await projects.get(db, caller, slug)).id : undefined;
      const access = house.watch.over(caller, project);
      return sse(house, access, async function* (signal) {
        for await (const { id, frame } of lineup.follow({ caller, project }, signal, since)) {
          yield eventOf("team", id, JSON.stringify(frame));
        }
      });
    },
    { needs: "read" },
  );
};

const Since = z.coerce.number().int().min(0).max(8.64e15);
const Query = z.object({ project: z.string().optional(), since: Since.optional() });
