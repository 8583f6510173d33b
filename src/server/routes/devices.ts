import { Elysia } from "elysia";
import { z } from "zod";
import * as apiTokens from "../../core/api-tokens.ts";
import { SCOPES } from "../../core/caller.ts";
import * as devices from "../../core/devices.ts";
import { input } from "../../core/input.ts";
import { Participant } from "../../wire/participant.ts";
import { readJson } from "../body.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { listQuery } from "../query.ts";
import { NO_PARSE } from "./projects.ts";

/** What one is signed in on, and the tokens of scripts and agents: lists and revocation. */
export const deviceRoutes = (house: House) => {
  const { db, identify } = house;
  const wish = (query: Record<string, string | undefined>) => ({
    ...listQuery(query),
    all: query.all === "true",
  });

  return new Elysia({ name: "devices" })
    .use(guard(house))
    .get("/devices", ({ caller, query }) => devices.list(db, caller, wish(query)), {
      needs: "read",
    })
    .delete(
      "/devices/:id",
      async ({ caller, params }) => {
        await devices.remove(db, caller, input(Id, params).id);
        identify.forget();
        return { ok: true };
      },
      { needs: "self", ...NO_PARSE },
    )
    .get("/tokens", ({ caller, query }) => apiTokens.list(db, caller, wish(query)), {
      needs: "read",
    })
    .post(
      "/tokens",
      async ({ caller, request, set }) => {
        const wanted = input(NewToken, await readJson(request));
        const made = await apiTokens.create(db, caller, tokenOf(wanted));
        set.status = 201;
        set.headers["cache-control"] = "no-store";
        return { id: made.id, token: made.secret };
      },
      { needs: "self", ...NO_PARSE },
    )
    .delete(
      "/tokens/:id",
      async ({ caller, params }) => {
        await apiTokens.remove(db, caller, input(Id, params).id);
        identify.forget();
        return { ok: true };
      },
      { needs: "self", ...NO_PARSE },
    );
};

const Id = z.object({ id: z.guid() });

export const NewToken = z.object({
  name: z.string().trim().min(1).max(200),
  scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length),
  expiresAt: z.iso
    .datetime({ offset: true })
    .refine((at) => Date.parse(at) > Date.now(), "is in the past")
    .optional(),
  participant: Participant.optional(),
});

export const tokenOf = ({ name, scopes, expiresAt, participant }: z.infer<typeof NewToken>) => ({
  name,
  scopes: [...new Set(scopes)],
  participant,
  expiresAt: expiresAt ? new Date(expiresAt) : undefined,
});
