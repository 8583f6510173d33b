import { Elysia } from "elysia";
import { z } from "zod";
import { by, noteHourly } from "../../core/audit.ts";
import { input } from "../../core/input.ts";
import * as projects from "../../core/projects.ts";
import * as sessions from "../../core/sessions.ts";
import * as shares from "../../core/shares.ts";
import { htmlOf } from "../../web/export-html.tsx";
import { markdownOf } from "../../web/export-markdown.ts";
import type { StoredEvent } from "../../wire/event.ts";
import { Scope } from "../../wire/share.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { streamed } from "../streamed.ts";

/** A session as a file to keep: Markdown, JSON lines, one HTML page (row E8). */
export const exportRoutes = (house: House) => {
  const { db, assets } = house;
  return new Elysia({ name: "export" }).use(guard(house)).get(
    "/projects/:proj/sessions/:sess/export",
    async ({ caller, params, query }) => {
      const project = await projects.get(db, caller, params.proj);
      const session = await sessions.get(db, caller, params.proj, params.sess);
      const { format, ...scope } = input(Asked, query);
      await db.as(caller.org, (tx) =>
        noteHourly(tx, {
          ...by(caller),
          action: "session.exported",
          target: `${project.slug}/${session.name}`,
          detail: { format },
        }),
      );
      const at = { project: project.id, session: session.id };
      const events = shares.all(db, caller.org, at, scope);
      const parts = {
        md: () => markdownOf(session, events),
        jsonl: () => linesOf(events),
        html: () => htmlOf(session, events, assets.text("app.css")),
      }[format]();
      return new Response(streamed(parts), {
        headers: {
          "content-type": TYPES[format],
          "content-disposition": `attachment; filename="${project.slug}-${session.name}.${format}"`,
          // Opened where it came from, it is still nobody's page.
          "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
        },
      });
    },
    { needs: "read" },
  );
};

const TYPES = {
  md: "text/markdown; charset=utf-8",
  jsonl: "application/x-ndjson; charset=utf-8",
  html: "text/html; charset=utf-8",
} as const;

const Asked = Scope.extend({ format: z.enum(["md", "jsonl", "html"]).default("md") });

async function* linesOf(events: AsyncIterable<StoredEvent>): AsyncGenerator<string> {
  for await (const event of events) yield `${JSON.stringify(event)}\n`;
}
