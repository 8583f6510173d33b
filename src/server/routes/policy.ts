import { Elysia } from "elysia";
import { input } from "../../core/input.ts";
import * as policy from "../../core/policy.ts";
import { Policy } from "../../wire/policy.ts";
import { readJson } from "../body.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { NO_PARSE } from "./projects.ts";

/** What the organisation's recorders take for secrets, and what not (row A11). */
export const policyRoutes = (house: House) =>
  new Elysia({ name: "policy" })
    .use(guard(house))
    .get("/orgs/policy", ({ caller }) => policy.read(house.db, caller), { needs: "ingest" })
    .put(
      "/orgs/policy",
      async ({ caller, request }) =>
        policy.write(house.db, caller, input(Policy, await readJson(request))),
      { needs: "admin", ...NO_PARSE },
    );
