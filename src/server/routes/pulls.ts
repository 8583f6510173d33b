import { Elysia } from "elysia";
import * as commits from "../../core/commits.ts";
import { input } from "../../core/input.ts";
import * as pulls from "../../core/pulls.ts";
import * as sessions from "../../core/sessions.ts";
import { summary } from "../../core/summary.ts";
import { PullAsk, PullQuery } from "../../wire/pull.ts";
import { readJson } from "../body.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { placeOf } from "../place.ts";
import { listQuery } from "../query.ts";
import { NO_PARSE } from "./projects.ts";

/** Which commits came of a session, and what a pull request is told of the sessions behind it (row E7). */
export const pullRoutes = (house: House) => {
  const { db, bell } = house;
  const place = placeOf(house);
  return new Elysia({ name: "pulls" })
    .use(guard(house))
    .get(
      "/projects/:proj/sessions/:sess/commits",
      async ({ caller, params, query }) => {
        const session = await sessions.get(db, caller, params.proj, params.sess);
        return commits.ofSession(db, caller, session.id, listQuery(query));
      },
      { needs: "read" },
    )
    .post(
      "/projects/:proj/sessions/:sess/pull",
      async ({ caller, params, request, status }) => {
        const { number } = input(PullAsk, await readJson(request));
        return status(202, await pulls.ask(db, bell, caller, await place(caller, params), number));
      },
      { needs: "inject", ...NO_PARSE },
    )
    .post(
      "/pulls/summary",
      async ({ caller, request }) => {
        const asked = input(PullQuery, await readJson(request));
        return summary(db, caller, asked, house.publicUrl);
      },
      { needs: "read", ...NO_PARSE },
    );
};
