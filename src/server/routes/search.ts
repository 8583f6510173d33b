import { Elysia } from "elysia";
import { input } from "../../core/input.ts";
import { search } from "../../core/search.ts";
import { Search } from "../../wire/search.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";

/** Everything that was said and done, by its words (rows E5, J3). */
export const searchRoutes = (house: House) =>
  new Elysia({ name: "search" })
    .use(guard(house))
    .get("/search", ({ caller, query }) => search(house.db, caller, input(Search, query)), {
      needs: "read",
    });
