import { Elysia } from "elysia";
import { demand } from "../../core/access.ts";
import type { Caller } from "../../core/caller.ts";
import * as history from "../../core/history.ts";
import * as projects from "../../core/projects.ts";
import * as sessions from "../../core/sessions.ts";
import { landingPage } from "../../web/pages/landing.tsx";
import { problemPage } from "../../web/pages/problem.tsx";
import { projectPage } from "../../web/pages/project.tsx";
import { projectsPage } from "../../web/pages/projects.tsx";
import { sessionPage } from "../../web/pages/session.tsx";
import { type Frame, themeOf } from "../../web/pages/shell.tsx";
import { respond } from "../../web/respond.ts";
import type { PolarisError } from "../../wire/error.ts";
import { authenticate } from "../auth.ts";
import { asPolarisError } from "../errors.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { listQuery, logQuery } from "../query.ts";

/** The dashboard's pages: data from core, HTML from web. Errors under these addresses are pages too. */
export const pageRoutes = (house: House) => {
  const { db, identify, assets, log } = house;
  const frameOf = (request: Request): Frame => ({
    assets,
    theme: themeOf(request.headers.get("cookie")),
  });

  /** Runs a page for who is signed in; who is not goes to the door and comes back here. */
  async function page(request: Request, render: (caller: Caller, frame: Frame) => Promise<string>) {
    const frame = frameOf(request);
    try {
      const found = await authenticate(request, identify);
      const caller = { ...found, address: house.addressOf(request) };
      demand(caller, "read");
      return respond(request, await render(caller, frame));
    } catch (error) {
      const problem = asPolarisError(error, log);
      if (problem.code === "unauthenticated") return toDoor(request);
      return respond(request, problemPage({ ...frame, ...problemOf(problem) }), problem.status);
    }
  }

  return new Elysia({ name: "pages" })
    .use(guard(house))
    .get(
      "/assets/*",
      ({ request }) => assets.respond(request) ?? notFound(request, frameOf(request)),
      { anyone: true },
    )
    .get("/favicon.ico", () => Response.redirect(assets.href("icon.svg"), 302), { anyone: true })
    .get(
      "/",
      async ({ request }) => {
        const signedIn = await authenticate(request, identify).then(
          () => true,
          () => false,
        );
        const command = `polaris login --url ${house.publicUrl}`;
        return respond(request, landingPage({ ...frameOf(request), command, signedIn }));
      },
      { anyone: true },
    )
    .get(
      "/app",
      ({ request, query }) =>
        page(request, async (caller, frame) => {
          const { items } = await projects.list(db, caller, listQuery({ limit: "200", ...query }));
          const viewer = caller.participant;
          return projectsPage({ ...frame, projects: items, now: Date.now(), viewer });
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
          const data = { project, sessions: items, next, now: Date.now(), viewer };
          return projectPage({ ...frame, ...data });
        }),
      { page: "read" },
    )
    .get(
      "/app/p/:proj/s/:sess",
      ({ request, params, query }) =>
        page(request, async (caller, frame) => {
          const project = await projects.get(db, caller, params.proj);
          const session = await sessions.get(db, caller, params.proj, params.sess);
          const before = logQuery(query).before ?? Number.MAX_SAFE_INTEGER;
          const range = { project: project.id, session: session.id, before, limit: FIRST_EVENTS };
          const { items, next } = await history.page(db, caller, range);
          const viewer = caller.participant;
          const data = { session, events: items, earlier: next !== null, now: Date.now(), viewer };
          return sessionPage({ ...frame, ...data });
        }),
      { page: "read" },
    )
    .get("/app/*", ({ request }) => notFound(request, frameOf(request)), { anyone: true });
};

/** Enough for the first screens; the page asks for earlier ones when they are wanted. */
const FIRST_EVENTS = 200;

function toDoor(request: Request): Response {
  const { pathname, search } = new URL(request.url);
  const location = `/sign-in?next=${encodeURIComponent(pathname + search)}`;
  return new Response(null, { status: 303, headers: { location, "cache-control": "no-store" } });
}

const problemOf = ({ status, message, hint }: PolarisError) => ({ status, message, hint });

const notFound = (request: Request, frame: Frame): Response =>
  respond(request, problemPage({ ...frame, status: 404 }), 404);
