import { Elysia } from "elysia";
import { PolarisError } from "../../wire/error.ts";
import { authenticate } from "../auth.ts";
import { errorResponse } from "../errors.ts";
import type { House } from "../house.ts";

/** `/healthz`: the process lives. `/readyz`: it can serve, the database answers. `/me`: who the caller is. */
export const healthRoutes = (house: House) =>
  new Elysia({ name: "health" })
    .get("/healthz", () => ({ ok: true, version: house.version }))
    .get("/readyz", async () => {
      if (house.stopping.aborted) {
        return errorResponse(new PolarisError("shutting_down", "The server is stopping."));
      }
      await house.db.sql`select 1`;
      return { ready: true, version: house.version };
    })
    .get("/me", async ({ request }) => {
      const { participant, org, kind } = await authenticate(request, house.tokens);
      return { participant, org, kind };
    });
