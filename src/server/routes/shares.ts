import { Elysia } from "elysia";
import { z } from "zod";
import type { Caller } from "../../core/caller.ts";
import { input } from "../../core/input.ts";
import * as projects from "../../core/projects.ts";
import * as sessions from "../../core/sessions.ts";
import * as shares from "../../core/shares.ts";
import { problemPage } from "../../web/pages/problem.tsx";
import { sharePage } from "../../web/pages/share.tsx";
import { sharedPage } from "../../web/pages/shared.tsx";
import { respond } from "../../web/respond.ts";
import { NewShare } from "../../wire/share.ts";
import { readJson } from "../body.ts";
import { asPolarisError } from "../errors.ts";
import { readForm } from "../form.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { frameOf, startPage } from "../page.ts";
import { listQuery, startOf } from "../query.ts";
import { redirect } from "../redirect.ts";
import { NO_PARSE } from "./projects.ts";

/** Links that show a session to whoever has them (row E8). */
export const shareRoutes = (house: House) => {
  const { db, log } = house;
  const page = startPage(house);

  async function place(caller: Caller, params: { proj: string; sess: string }) {
    const project = await projects.get(db, caller, params.proj);
    const session = await sessions.get(db, caller, params.proj, params.sess);
    return { project, session };
  }

  const urlOf = (secret: string): string => `${house.publicUrl}/share/${secret}`;

  async function draw(
    caller: Caller,
    frame: Parameters<Parameters<typeof page>[1]>[1],
    params: { proj: string; sess: string },
    asked: Record<string, unknown>,
    more: {
      made?: { url: string; share: Awaited<ReturnType<typeof shares.create>>["share"] };
      problem?: string;
    } = {},
  ): Promise<string> {
    const { project, session } = await place(caller, params);
    const wanted = NewShare.safeParse(given(asked));
    const { days, ...scope } = wanted.success ? wanted.data : NewShare.parse({});
    const at = { project: project.id, session: session.id };
    const { items, next } = await shares.read(db, caller.org, at, scope, { limit: PAGE });
    const links = await shares.list(db, caller, session.id);
    const shown = { session, scope, days, events: items, more: next !== null, shares: links.items };
    return sharePage({ ...frame, ...shown, viewer: caller.participant, now: Date.now(), ...more });
  }

  return new Elysia({ name: "shares" })
    .use(guard(house))
    .get("/shares", ({ caller, query }) => shares.list(db, caller, undefined, listQuery(query)), {
      needs: "read",
    })
    .delete(
      "/shares/:id",
      async ({ caller, params }) => {
        await shares.revoke(db, caller, params.id);
        house.shares.revoked(params.id);
        return { revoked: true };
      },
      { needs: "inject" },
    )
    .get(
      "/projects/:proj/sessions/:sess/shares",
      async ({ caller, params, query }) => {
        const { session } = await place(caller, params);
        return shares.list(db, caller, session.id, listQuery(query));
      },
      { needs: "read" },
    )
    .post(
      "/projects/:proj/sessions/:sess/shares",
      async ({ caller, params, request, set }) => {
        shares.mayShare(caller);
        const where = await place(caller, params);
        const wanted = input(NewShare, await readJson(request));
        const { share, secret } = await shares.create(db, caller, where, wanted);
        set.status = 201;
        return { ...share, url: urlOf(secret) };
      },
      { needs: "inject", ...NO_PARSE },
    )
    .get(
      "/app/p/:proj/s/:sess/share",
      ({ request, params, query }) =>
        page(request, (caller, frame) => draw(caller, frame, params, query)),
      { page: "read" },
    )
    .post(
      "/app/p/:proj/s/:sess/share",
      ({ request, params }) =>
        page(request, async (caller, frame) => {
          const form = await readForm(request);
          shares.mayShare(caller);
          try {
            if (form.act === "revoke") {
              await shares.revoke(db, caller, form.id ?? "");
              house.shares.revoked(form.id ?? "");
              return redirect(new URL(request.url).pathname);
            }
            const where = await place(caller, params);
            const wanted = input(NewShare, given(form));
            const { share, secret } = await shares.create(db, caller, where, wanted);
            return await draw(caller, frame, params, form, { made: { url: urlOf(secret), share } });
          } catch (error) {
            const { status, code, message, hint } = asPolarisError(error, log);
            if (status >= 500 || code === "not_found") throw error;
            const problem = hint ? `${message} ${hint}` : message;
            return respond(request, await draw(caller, frame, params, form, { problem }), status);
          }
        }),
      { page: "read", ...NO_PARSE },
    )
    .get(
      "/share/:secret",
      async ({ request, params, query }) => {
        try {
          const opened = await shares.open(db, params.secret);
          const { after } = input(After, query);
          const at = { project: opened.project, session: opened.session.id };
          const found = await shares.read(db, opened.org, at, opened.scope, { after, limit: PAGE });
          await shares.viewed(db, opened, house.addressOf(request));
          const last = found.items.at(-1)?.seq ?? after;
          const isOpen = !opened.scope.toSeq && !found.next;
          const html = sharedPage({
            ...frameOf(house, request),
            session: opened.session,
            events: found.items,
            next: found.next,
            after,
            expiresAt: opened.expiresAt,
            live: isOpen ? `/share/${params.secret}/events?after=${last}` : undefined,
          });
          return hidden(respond(request, html));
        } catch (error) {
          const { message, hint, status } = asPolarisError(error, log);
          const problem = { ...frameOf(house, request), status, message, hint };
          return hidden(respond(request, problemPage(problem), status));
        }
      },
      { anyone: true },
    )
    .get(
      "/share/:secret/events",
      async ({ request, params, query }) => {
        const opened = await shares.open(db, params.secret);
        const start = startOf(request, query);
        return stream(house, opened, start === "now" ? 0 : start);
      },
      { anyone: true },
    );
};

const PAGE = 500;
const After = z.object({ after: z.coerce.number().int().min(0).default(0) });

/** What the form leaves empty is not asked. */
const given = (form: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(form).filter(([name, value]) => value !== "" && name in NewShare.shape),
  );

/** For no search engine, no cache, and no other site's log of where its visitors came from. */
function hidden(response: Response): Response {
  response.headers.set("x-robots-tag", "noindex, nofollow, noarchive");
  response.headers.set("referrer-policy", "no-referrer");
  return response;
}

const PING_MS = 15_000;

/** Says that there is more to see, never what: the page itself shows it. Ends when the link does. */
function stream(house: House, opened: shares.Opened, after: number): Response {
  const { db, feed } = house;
  const over = house.shares.over(opened);
  const left = new AbortController();
  const signal = AbortSignal.any([over.signal, left.signal, house.stopping]);
  const encoder = new TextEncoder();
  const at = { project: opened.project, session: opened.session.id };
  let ping: ReturnType<typeof setInterval> | undefined;
  const leave = () => {
    clearInterval(ping);
    over[Symbol.dispose]();
    left.abort();
  };
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      const say = (text: string) => controller.enqueue(encoder.encode(text));
      say("retry: 2000\n: open\n\n");
      ping = setInterval(() => say(": ping\n\n"), PING_MS);
      let cursor = after;
      let asked = false;
      let looking = false;
      const look = async (): Promise<void> => {
        asked = true;
        if (looking) return;
        looking = true;
        while (asked && !signal.aborted) {
          asked = false;
          const { items } = await shares.read(db, opened.org, at, opened.scope, {
            after: cursor,
            limit: 1,
          });
          const next = items.at(-1)?.seq;
          if (next === undefined || signal.aborted) continue;
          cursor = next;
          asked = true;
          say(`id: ${next}\nevent: event\ndata: {"seq":${next}}\n\n`);
        }
        looking = false;
      };
      const quiet = () => void look().catch(() => controller.error());
      const unring = feed.onRing((_, project) => project === opened.project && quiet());
      signal.addEventListener(
        "abort",
        () => {
          unring();
          clearInterval(ping);
          if (left.signal.aborted) return;
          if (over.signal.aborted) say('event: gone\ndata: {"code":"share_over"}\n\n');
          leave();
          controller.close();
        },
        { once: true },
      );
      quiet();
    },
    cancel: leave,
  });
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
      "x-robots-tag": "noindex",
    },
  });
}
