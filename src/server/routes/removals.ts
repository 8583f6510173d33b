import { Elysia } from "elysia";
import { z } from "zod";
import { input } from "../../core/input.ts";
import * as retention from "../../core/retention.ts";
import { Removal } from "../../wire/removal.ts";
import { readJson } from "../body.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { NO_PARSE } from "./projects.ts";

/** What was taken out of the log for good, and taking it. */
export const removalRoutes = (house: House) => {
  const { db } = house;
  return new Elysia({ name: "removals" })
    .use(guard(house))
    .get(
      "/projects/:proj/removals",
      ({ caller, params, query }) => retention.list(db, caller, params.proj, input(List, query)),
      { needs: "read" },
    )
    .post(
      "/removals",
      async ({ caller, request }) =>
        retention.remove(db, caller, input(Removal, await readJson(request))),
      { needs: "admin", ...NO_PARSE },
    );
};

const List = z.object({
  before: z.coerce.number().int().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});
