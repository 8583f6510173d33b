import { Elysia } from "elysia";
import { z } from "zod";
import { input } from "../../core/input.ts";
import * as projects from "../../core/projects.ts";
import * as people from "../../core/slack-people.ts";
import * as wishes from "../../core/slack-wishes.ts";
import { SlackLink, SlackWishChange, VERBOSITIES } from "../../wire/slack-wishes.ts";
import { readJson } from "../body.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { placeOf } from "../place.ts";
import { listQuery } from "../query.ts";
import { NO_PARSE } from "./projects.ts";

const Session = z.object({ verbosity: z.enum(VERBOSITIES).nullable() });

/** How sessions look in Slack, and who its people are here (rows D3, D5, D9). Changes count from the next event on. */
export const slackWishRoutes = (house: House) => {
  const { db } = house;
  const place = placeOf(house);

  return new Elysia({ name: "slack-wishes" })
    .use(guard(house))
    .get("/orgs/slack/wishes", ({ caller }) => wishes.ofOrg(db, caller), { needs: "admin" })
    .patch(
      "/orgs/slack/wishes",
      async ({ caller, request }) =>
        wishes.setOrg(db, caller, input(SlackWishChange, await readJson(request))),
      { needs: "admin", ...NO_PARSE },
    )
    .get("/orgs/slack/people", ({ caller, query }) => people.list(db, caller, listQuery(query)), {
      needs: "admin",
    })
    .put(
      "/orgs/slack/people/:person",
      async ({ caller, params, request }) => {
        const { participant } = input(SlackLink, await readJson(request));
        return people.link(db, caller, { slackUser: params.person, participant });
      },
      { needs: "admin", ...NO_PARSE },
    )
    .delete(
      "/orgs/slack/people/:person",
      ({ caller, params }) =>
        people.link(db, caller, { slackUser: params.person, participant: undefined }),
      { needs: "admin", ...NO_PARSE },
    )
    .get(
      "/projects/:proj/slack",
      async ({ caller, params }) =>
        wishes.ofProject(db, caller, await projects.get(db, caller, params.proj)),
      { needs: "read" },
    )
    .patch(
      "/projects/:proj/slack",
      async ({ caller, params, request }) => {
        const change = input(SlackWishChange, await readJson(request));
        const project = await projects.get(db, caller, params.proj);
        return wishes.setProject(db, caller, project, change);
      },
      { needs: "ingest", ...NO_PARSE },
    )
    .patch(
      "/projects/:proj/sessions/:sess/slack",
      async ({ caller, params, request }) => {
        const { verbosity } = input(Session, await readJson(request));
        await wishes.setSession(db, caller, await place(caller, params), verbosity);
        return { verbosity };
      },
      { needs: "inject", ...NO_PARSE },
    );
};
