import { Elysia } from "elysia";
import { z } from "zod";
import * as audit from "../../core/audit.ts";
import { input } from "../../core/input.ts";
import { verify } from "../../core/verify.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { NO_PARSE } from "./projects.ts";

/** Who did what that mattered, and whether that memory is whole. */
export const auditRoutes = (house: House) => {
  const { db } = house;
  return new Elysia({ name: "audit" })
    .use(guard(house))
    .get("/audit", ({ caller, query }) => audit.list(db, caller.org, input(List, query)), {
      needs: "admin",
    })
    .post("/audit/verifications", async () => ({ chains: await verify(db) }), {
      local: true,
      ...NO_PARSE,
    });
};

const List = z.object({
  actor: z.string().max(200).optional(),
  action: z.string().max(200).optional(),
  target: z.string().max(500).optional(),
  before: z.coerce.number().int().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});
