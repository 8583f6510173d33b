import { Elysia } from "elysia";
import { demand } from "../../core/access.ts";
import { mayAdmin } from "../../core/caller.ts";
import { input } from "../../core/input.ts";
import * as projects from "../../core/projects.ts";
import { tellPeople, usage } from "../../core/usage.ts";
import { csvOf } from "../../lib/csv.ts";
import { usagePage } from "../../web/pages/usage.tsx";
import { type By, COUNTS, UsageQuery, UsageSettings } from "../../wire/usage.ts";
import { readJson } from "../body.ts";
import { readForm } from "../form.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { startPage } from "../page.ts";
import { redirect } from "../redirect.ts";
import { NO_PARSE } from "./projects.ts";

/** What sessions took: prompts, tokens, cost, time (row E9). */
export const usageRoutes = (house: House) => {
  const { db } = house;
  const page = startPage(house);
  return new Elysia({ name: "usage" })
    .use(guard(house))
    .get(
      "/usage",
      async ({ caller, query }) => {
        const asked = input(UsageQuery, query);
        const told = await usage(db, caller, asked);
        if (asked.format === "json") return told;
        const rows = told.rows.map(({ key, ...row }) => ({ [told.by]: key, ...row }));
        const name = `usage-by-${told.by}-${told.since}-${told.until}.csv`;
        return new Response(csvOf([told.by, ...COUNTS, "unpriced"], rows), {
          headers: {
            "content-type": "text/csv; charset=utf-8",
            "content-disposition": `attachment; filename="${name}"`,
          },
        });
      },
      { needs: "read" },
    )
    .put(
      "/usage/settings",
      async ({ caller, request }) => {
        const wanted = input(UsageSettings, await readJson(request));
        await tellPeople(db, caller, wanted.byPerson);
        return wanted;
      },
      { needs: "admin", ...NO_PARSE },
    )
    .get(
      "/app/usage",
      ({ request, query }) =>
        page(request, async (caller, frame) => {
          const given = Object.fromEntries(Object.entries(query).filter(([, value]) => value));
          const asked = input(UsageQuery.omit({ by: true, format: true }), given);
          const [list, ...all] = await Promise.all([
            projects.list(db, caller, { limit: 500 }),
            ...PARTS.map((by) => usage(db, caller, { ...asked, by })),
          ]);
          return usagePage({
            ...frame,
            asked,
            all,
            projects: list.items.map(({ slug }) => slug),
            mayOpen: mayAdmin(caller),
            viewer: caller.participant,
          });
        }),
      { page: "read" },
    )
    .post(
      "/app/usage",
      ({ request }) =>
        page(request, async (caller) => {
          const { byPerson } = await readForm(request);
          demand(caller, "admin");
          await tellPeople(db, caller, byPerson === "yes");
          return redirect("/app/usage");
        }),
      { page: "read", ...NO_PARSE },
    );
};

const PARTS: By[] = ["day", "project", "person", "agent", "model", "tool", "file"];
