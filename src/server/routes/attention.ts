import { Elysia } from "elysia";
import { z } from "zod";
import { attention } from "../../core/attention.ts";
import { input } from "../../core/input.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";

/** What a browser tells its person of, when they want to be told. */
export const attentionRoutes = (house: House) =>
  new Elysia({ name: "attention" })
    .use(guard(house))
    .get(
      "/attention",
      ({ caller, query }) => attention(house.db, caller, input(Since, query).since),
      { needs: "read" },
    );

const Since = z.object({ since: z.coerce.date().default(() => new Date()) });
