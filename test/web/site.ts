/** A small server that serves our pages from memory and streams events like the real one. */

import { type Assets, loadAssets } from "../../src/web/assets.ts";
import { landingPage } from "../../src/web/pages/landing.tsx";
import { problemPage } from "../../src/web/pages/problem.tsx";
import { projectPage } from "../../src/web/pages/project.tsx";
import { projectsPage } from "../../src/web/pages/projects.tsx";
import { sessionPage } from "../../src/web/pages/session.tsx";
import { type Frame, themeOf } from "../../src/web/pages/shell.tsx";
import { claimPage, signInPage } from "../../src/web/pages/sign-in.tsx";
import { teamPage } from "../../src/web/pages/team.tsx";
import { respond } from "../../src/web/respond.ts";
import type { StoredEvent } from "../../src/wire/event.ts";
import type { Session } from "../../src/wire/session.ts";
import { PROJECT, SESSION } from "./sample.ts";

const WAYS = [{ id: "google", name: "Google" }];
const LINK = { kind: "claim" as const, orgName: "Home", role: "owner", email: null };

export interface Site extends AsyncDisposable {
  url: string;
  /** The session's page. */
  page: string;
  assets: Assets;
  /** What the server holds; the page gets the newest `shown`. */
  events: StoredEvent[];
  /** Stores, then tells whoever listens. */
  append(...more: StoredEvent[]): void;
  /** Cuts every stream in the middle of an event, as a restart does. */
  drop(): void;
  /** While true, streams are refused with 503. */
  down: boolean;
  /** `after` of every stream that was opened. */
  opened: number[];
  session: Session;
}

export async function startSite(events: StoredEvent[], shown = 200): Promise<Site> {
  const assets = await loadAssets();
  const streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  const encoder = new TextEncoder();
  const send = (stream: ReadableStreamDefaultController<Uint8Array>, event: StoredEvent) =>
    stream.enqueue(
      encoder.encode(`id: ${event.seq}\nevent: event\ndata: ${JSON.stringify(event)}\n\n`),
    );

  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", idleTimeout: 0, fetch: answer });
  const url = `http://127.0.0.1:${server.port}`;
  const site: Site = {
    url,
    page: `${url}/app/p/checkout/s/s-7a3f`,
    assets,
    events: [...events],
    down: false,
    opened: [],
    session: { ...SESSION },
    append(...more) {
      site.events.push(...more);
      for (const stream of streams) for (const event of more) send(stream, event);
    },
    drop() {
      for (const stream of streams) {
        stream.enqueue(encoder.encode(`id: 9999\nevent: event\ndata: {"seq":9999,"id":"ha`));
        stream.close();
      }
      streams.clear();
    },
    async [Symbol.asyncDispose]() {
      site.down = true;
      site.drop();
      await server.stop(true);
    },
  };
  return site;

  function answer(request: Request): Response {
    const { pathname, searchParams } = new URL(request.url);
    const html = (text: string, status = 200) => respond(request, text, status);
    const asset = assets.respond(request);
    if (asset) return asset;
    const frame: Frame = { assets, theme: themeOf(request.headers.get("cookie")) };
    const now = Date.parse(site.events.at(-1)?.at ?? SESSION.createdAt) + 60_000;
    const viewer = "user:krishna";
    if (pathname === "/projects/checkout/sessions/s-7a3f/events") return stream(searchParams);
    if (pathname === "/projects/checkout/sessions/s-7a3f/outline") {
      const ends = [site.events[0], site.events.at(-1)];
      const [first, last] = ends.map((event) => ({ seq: event?.seq ?? 0, at: event?.at ?? null }));
      const tokens = { input: 0, output: 0, cached: 0, costUsd: 0 };
      return Response.json({ prompts: [], tokens, first, last, events: site.events.length });
    }
    if (pathname === "/projects/checkout/sessions/s-7a3f") return Response.json(site.session);
    if (pathname === "/projects/checkout/sessions/s-7a3f/messages") return earlier(searchParams);
    const whole = /^\/projects\/checkout\/events\/(\d+)$/.exec(pathname)?.[1];
    if (whole) {
      const event = site.events.find(({ seq }) => seq === Number(whole));
      return Response.json({ ...event, text: "the whole text", cut: undefined });
    }
    if (pathname === "/")
      return html(
        landingPage({
          ...frame,
          command: "curl -fsSL https://polaris.example/install.sh | sh",
          signedIn: false,
        }),
      );
    if (pathname === "/sign-in") return html(signInPage({ ...frame, ways: WAYS, next: "/app" }));
    if (pathname === "/claim") return html(claimPage({ ...frame, code: "abc", link: LINK }));
    if (pathname === "/claimed") return html(claimPage({ ...frame, code: "abc" }));
    if (pathname === "/app" || pathname === "/app/new") {
      const isNew = pathname === "/app/new";
      const team = {
        sessions: isNew ? [] : sessions(),
        projects: isNew
          ? []
          : [{ ...PROJECT, hours: Array.from({ length: 24 }, (_, at) => at % 7) }],
        setup: { machine: !isNew, session: !isNew, slack: isNew ? false : null },
        since: now,
      };
      return html(teamPage({ ...frame, team, url: site.url, now, viewer }));
    }
    if (pathname === "/live/sessions") return stream(searchParams);
    if (pathname === "/app/projects")
      return html(
        projectsPage({
          url: site.url,
          ...frame,
          projects: [
            PROJECT,
            {
              ...PROJECT,
              id: "2",
              slug: "billing",
              name: "billing",
              visibility: "private",
              sessions: 0,
              lastSeq: 0,
              lastEventAt: null,
            },
          ],
          now,
          viewer,
        }),
      );
    if (pathname === "/app/projects/empty")
      return html(projectsPage({ ...frame, url: site.url, projects: [], now, viewer }));
    if (pathname === "/app/p/checkout")
      return html(
        projectPage({
          ...frame,
          project: PROJECT,
          home: [],
          sessions: sessions(),
          next: null,
          now,
          viewer,
        }),
      );
    if (pathname === "/app/p/empty")
      return html(
        projectPage({
          ...frame,
          project: { ...PROJECT, slug: "empty" },
          home: [],
          sessions: [],
          next: null,
          now,
          viewer,
        }),
      );
    if (pathname === "/app/p/checkout/s/s-7a3f") {
      return html(
        sessionPage({
          ...frame,
          session: site.session,
          ...(searchParams.has("after")
            ? { events: site.events.slice(0, shown), earlier: false }
            : { events: site.events.slice(-shown), earlier: site.events.length > shown }),
          later: searchParams.has("after") && site.events.length > shown,
          now,
          viewer,
        }),
      );
    }
    return html(problemPage({ ...frame, status: 404 }), 404);
  }

  function sessions(): Session[] {
    return [
      site.session,
      {
        ...SESSION,
        id: "2",
        name: "s-11aa",
        title: null,
        label: "ETL retry fix",
        state: "needs_human",
        driver: "user:krishna",
        branch: null,
        prompts: 12,
      },
      {
        ...SESSION,
        id: "3",
        name: "s-22bb",
        title: null,
        state: "finished",
        driver: null,
        prompts: 1204,
      },
      {
        ...SESSION,
        id: "4",
        name: "s-33cc",
        title: "Bump the base image",
        state: "failed",
        driver: "user:priya",
        prompts: 4,
      },
    ];
  }

  function stream(query: URLSearchParams): Response {
    if (site.down) return new Response("no", { status: 503 });
    const after = Number(query.get("after") ?? 0);
    site.opened.push(after);
    let mine: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        mine = controller;
        streams.add(controller);
        controller.enqueue(encoder.encode(": ping\n\n"));
        for (const event of site.events) if (event.seq > after) send(controller, event);
      },
      cancel() {
        if (mine) streams.delete(mine);
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  }

  function earlier(query: URLSearchParams): Response {
    const limit = Number(query.get("limit") ?? 50);
    const after = query.get("after");
    if (after !== null) {
      const newer = site.events.filter(({ seq }) => seq > Number(after));
      const items = newer.slice(0, limit);
      const next = newer.length > items.length ? String(items.at(-1)?.seq) : null;
      return Response.json({ items, next });
    }
    const before = Number(query.get("before"));
    const older = site.events.filter(({ seq }) => seq < before);
    const items = older.slice(-limit);
    return Response.json({
      items,
      next: older.length > items.length ? String(items[0]?.seq) : null,
    });
  }
}
