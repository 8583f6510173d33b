import { Elysia } from "elysia";
import * as agents from "../../core/agents.ts";
import { input } from "../../core/input.ts";
import * as projects from "../../core/projects.ts";
import { search } from "../../core/search.ts";
import { FIELDS, searchPage } from "../../web/pages/search.tsx";
import { respond } from "../../web/respond.ts";
import { type Found, Search } from "../../wire/search.ts";
import { asPolarisError } from "../errors.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { startPage } from "../page.ts";

/** Everything that was said and done, by its words (rows E5, J3). */
export const searchRoutes = (house: House) => {
  const { db, log } = house;
  const page = startPage(house);
  return new Elysia({ name: "search" })
    .use(guard(house))
    .get("/search", ({ caller, query }) => search(db, caller, input(Search, query)), {
      needs: "read",
    })
    .get(
      "/app/search",
      ({ request, query }) =>
        page(request, async (caller, frame) => {
          const given = Object.fromEntries(Object.entries(query).filter(([, value]) => value));
          const filters = Object.fromEntries(
            FIELDS.flatMap((name) => (given[name] ? [[name, given[name]]] : [])),
          );
          const { items } = await projects.list(db, caller, { limit: 500 });
          const shown = {
            ...frame,
            q: given.q ?? "",
            filters,
            session: given.session,
            projects: items.map(({ slug }) => slug),
            viewer: caller.participant,
            now: Date.now(),
          };
          if (Object.keys(given).length === 0) return searchPage(shown);
          try {
            const found: Found = await search(db, caller, input(Search, given));
            const pictures = await agents.pictures(db, caller);
            return respond(request, searchPage({ ...shown, found }), 200, { pictures });
          } catch (error) {
            const { status, message, hint } = asPolarisError(error, log);
            if (status !== 400 && status !== 404) throw error;
            const problem = hint ? `${message} ${hint}` : message;
            return respond(request, searchPage({ ...shown, problem }), status);
          }
        }),
      { page: "read" },
    );
};
