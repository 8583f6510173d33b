import { Elysia } from "elysia";
import * as agents from "../../core/agents.ts";
import type { Caller } from "../../core/caller.ts";
import * as history from "../../core/history.ts";
import * as projects from "../../core/projects.ts";
import { mayAsk } from "../../core/pulls.ts";
import * as sessions from "../../core/sessions.ts";
import { troublesOf } from "../../core/slack-troubles.ts";
import { team } from "../../core/team.ts";
import { landingPage } from "../../web/pages/landing.tsx";
import { problemPage } from "../../web/pages/problem.tsx";
import { projectPage } from "../../web/pages/project.tsx";
import { sessionPage } from "../../web/pages/session.tsx";
import { teamPage } from "../../web/pages/team.tsx";
import { respond } from "../../web/respond.ts";
import type { Project, Session } from "../../wire/session.ts";
import { authenticate } from "../auth.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { frameOf, startPage } from "../page.ts";
import { listQuery, logQuery } from "../query.ts";

/** The dashboard's pages: data from core, HTML from web. Errors under these addresses are pages too. */
export const pageRoutes = (house: House) => {
  const { db, identify, assets } = house;
  const page = startPage(house);
  const notFound = (request: Request): Response =>
    respond(request, problemPage({ ...frameOf(house, request), status: 404 }), 404);

  /** A page that shows agents, with the pictures they have in the registry. */
  const seen = async (request: Request, caller: Caller, html: string) =>
    respond(request, html, 200, { pictures: await agents.pictures(db, caller) });

  /** A session that is over is read from its beginning, others where things happen; the address may say otherwise. */
  async function partOf(caller: Caller, project: Project, session: Session, query: object) {
    const { before, after } = logQuery(query);
    const range = { project: project.id, session: session.id, limit: FIRST_EVENTS };
    const isOver = session.state === "finished" && before === undefined;
    if (after !== undefined || isOver) {
      const { items, next } = await history.page(db, caller, { ...range, after: after ?? 0 });
      return { events: items, earlier: (after ?? 0) > 0, later: next !== null };
    }
    const upTo = before ?? Number.MAX_SAFE_INTEGER;
    const { items, next } = await history.page(db, caller, { ...range, before: upTo });
    return { events: items, earlier: next !== null, later: before !== undefined };
  }

  return new Elysia({ name: "pages" })
    .use(guard(house))
    .get("/assets/*", ({ request }) => assets.respond(request) ?? notFound(request), {
      anyone: true,
    })
    .get("/favicon.ico", () => Response.redirect(assets.href("icon.svg"), 302), { anyone: true })
    .get("/robots.txt", () => plain(robotsOf(house.publicUrl), "text/plain"), { anyone: true })
    .get("/sitemap.xml", () => plain(sitemapOf(house.publicUrl), "application/xml"), {
      anyone: true,
    })
    .get(
      "/",
      async ({ request }) => {
        const signedIn = await authenticate(request, identify).then(
          () => true,
          () => false,
        );
        const command = `polaris login --url ${house.publicUrl}`;
        return respond(
          request,
          landingPage({ ...frameOf(house, request), command, signedIn, url: house.publicUrl }),
        );
      },
      { anyone: true },
    )
    .get(
      "/app",
      ({ request }) =>
        page(request, async (caller, frame) => {
          const viewer = caller.participant;
          const found = await team(db, { caller });
          const who = { viewer, url: house.publicUrl, now: Date.now() };
          return seen(request, caller, teamPage({ ...frame, ...who, team: found }));
        }),
      { page: "read" },
    )
    .get(
      "/app/p/:proj",
      ({ request, params, query }) =>
        page(request, async (caller, frame) => {
          const project = await projects.get(db, caller, params.proj);
          const { items, next } = await sessions.list(db, caller, project, listQuery(query));
          const viewer = caller.participant;
          const home = await agents.list(db, caller, { limit: 20, project: project.slug });
          const data = {
            project,
            home: home.items,
            trouble: await troublesOf(db, caller, project.id),
            sessions: items,
            next,
            now: Date.now(),
            viewer,
          };
          return seen(request, caller, projectPage({ ...frame, ...data }));
        }),
      { page: "read" },
    )
    .get(
      "/app/p/:proj/s/:sess",
      ({ request, params, query }) =>
        page(request, async (caller, frame) => {
          const project = await projects.get(db, caller, params.proj);
          const session = await sessions.get(db, caller, params.proj, params.sess);
          const part = await partOf(caller, project, session, query);
          const viewer = caller.participant;
          const pulls = await mayAsk(db, caller, project);
          return seen(
            request,
            caller,
            sessionPage({ ...frame, ...part, session, now: Date.now(), viewer, pulls }),
          );
        }),
      { page: "read" },
    )
    .get("/app/*", ({ request }) => notFound(request), { anyone: true });
};

/** Enough for the first screens; the page asks for earlier ones when they are wanted. */
const FIRST_EVENTS = 200;

/** What anybody may read; all else is somebody's own. */
const PUBLIC = ["/", "/sign-in", "/openapi"];

const robotsOf = (url: string): string =>
  [
    "User-agent: *",
    ...PUBLIC.map((path) => `Allow: ${path === "/" ? "/$" : path}`),
    "Allow: /assets/",
    "Disallow: /",
    `Sitemap: ${url}/sitemap.xml`,
    "",
  ].join("\n");

const sitemapOf = (url: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${PUBLIC.map(
    (path) => `<url><loc>${Bun.escapeHTML(url + path)}</loc></url>`,
  ).join("")}</urlset>\n`;

const plain = (text: string, type: string): Response =>
  new Response(text, {
    headers: { "content-type": `${type}; charset=utf-8`, "cache-control": "public, max-age=3600" },
  });
