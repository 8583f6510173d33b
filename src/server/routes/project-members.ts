import { Elysia } from "elysia";
import { z } from "zod";
import { input } from "../../core/input.ts";
import * as members from "../../core/project-members.ts";
import { Participant } from "../../wire/participant.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { listQuery } from "../query.ts";
import { NO_PARSE } from "./projects.ts";

/** Who sees a private project. */
export const projectMemberRoutes = (house: House) => {
  const { db, watch } = house;
  return new Elysia({ name: "project-members" })
    .use(guard(house))
    .get(
      "/projects/:proj/members",
      ({ caller, params, query }) => members.list(db, caller, params.proj, listQuery(query)),
      { needs: "read" },
    )
    .put(
      "/projects/:proj/members/:participant",
      async ({ caller, params }) => {
        const { participant } = input(Params, params);
        return { added: await members.add(db, caller, params.proj, participant) };
      },
      { needs: "ingest", ...NO_PARSE },
    )
    .delete(
      "/projects/:proj/members/:participant",
      async ({ caller, params }) => {
        const { participant } = input(Params, params);
        const removed = await members.remove(db, caller, params.proj, participant);
        watch.changed();
        return { removed };
      },
      { needs: "ingest", ...NO_PARSE },
    );
};

const Params = z.object({ participant: Participant });
