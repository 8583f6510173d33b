import { Elysia } from "elysia";
import { PolarisError } from "../../wire/error.ts";
import { errorResponse } from "../errors.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";

/** `/healthz`: the process lives. `/readyz`: it can serve, the database answers. `/me`: who the caller is. */
export const healthRoutes = (house: House) =>
  new Elysia({ name: "health" })
    .use(guard(house))
    .get("/healthz", () => ({ ok: true, version: house.version }), { anyone: true })
    .get(
      "/readyz",
      async () => {
        if (house.stopping.aborted) {
          return errorResponse(new PolarisError("shutting_down", "The server is stopping."));
        }
        await house.db.sql`select 1`;
        return { ready: true, version: house.version };
      },
      { anyone: true },
    )
    .get(
      "/me",
      ({ caller: { participant, org, role, kind, scopes } }) => ({
        participant,
        org,
        role,
        kind,
        scopes,
      }),
      { needs: "self" },
    );
