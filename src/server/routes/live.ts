import { Elysia } from "elysia";
import { z } from "zod";
import type { Caller } from "../../core/caller.ts";
import type { Frame } from "../../core/feed.ts";
import { input } from "../../core/input.ts";
import { canDeliver } from "../../core/listeners.ts";
import * as projects from "../../core/projects.ts";
import * as sessions from "../../core/sessions.ts";
import { HOLDS } from "../../wire/injection.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { startOf } from "../query.ts";
import { eventOf, sse, whyOf } from "../sse.ts";

/** Live streams (row J2): SSE and WebSocket, resumed by the seq of the last event seen. */
export const liveRoutes = (house: House) => {
  const { db, feed } = house;

  async function where(caller: Caller, params: z.infer<typeof Place>, start: number | "now") {
    const project = await projects.get(db, caller, params.proj);
    const session = params.sess
      ? await sessions.get(db, caller, params.proj, params.sess)
      : undefined;
    const after = start === "now" ? project.lastSeq : start;
    return { caller, project: project.id, session: session?.id, after };
  }

  type Wanted = Awaited<ReturnType<typeof where>>;

  /** Access to the stream; while it is open, who can bring advice to the session counts as listening for it. */
  function open({ caller, project, session }: Wanted, request: Request) {
    const access = house.watch.over(caller, project);
    const ear =
      session && canDeliver(caller)
        ? house.listeners.enter(caller, session, request.headers.has(HOLDS))
        : undefined;
    return {
      signal: access.signal,
      [Symbol.dispose]() {
        access[Symbol.dispose]();
        ear?.[Symbol.dispose]();
      },
    };
  }

  async function stream({ caller, request, params, query }: Asked) {
    const wanted = await where(caller, params, startOf(request, query));
    const access = open(wanted, request);
    return sse(house, access, async function* (signal) {
      for await (const frames of feed.follow({ ...wanted, signal })) {
        yield frames.map(text).join("");
        house.metrics.shown(frames.at(-1)?.event.receivedAt ?? "");
      }
    });
  }

  const socket = (path: string) =>
    new Elysia()
      .use(guard(house))
      // Before the upgrade: without a right token there is no socket, not an open one that stays silent.
      .guard({ needs: "read" })
      .resolve(async ({ caller, request, params, query }) => {
        const place = input(Place, params);
        const wanted = await where(caller, place, startOf(request, query));
        return { wanted, request, ended: new AbortController(), drained: { ring: () => {} } };
      })
      .ws(path, {
        // Bun drops what a stalled reader does not take; such a socket is closed and the client resumes by its seq.
        backpressureLimit: 16 * 1024 * 1024,
        closeOnBackpressureLimit: true,
        maxPayloadLength: 64 * 1024,
        idleTimeout: 120,
        async open(ws) {
          const { wanted, ended, drained } = ws.data;
          using access = open(wanted, ws.data.request);
          const signal = AbortSignal.any([ended.signal, house.stopping, access.signal]);
          for await (const frames of feed.follow({ ...wanted, signal })) {
            for (const { json } of frames) {
              const sent = ws.raw.send(json);
              if (sent === 0) return void ws.close(1013, "too slow: resume with ?after=");
              if (sent === -1) await turn(drained, signal);
            }
            house.metrics.shown(frames.at(-1)?.event.receivedAt ?? "");
          }
          if (access.signal.aborted) return void ws.close(4403, whyOf(access.signal).message);
          if (house.stopping.aborted) ws.close(1012, "restarting: resume with ?after=");
        },
        drain(ws) {
          ws.data.drained.ring();
        },
        close(ws) {
          ws.data.ended.abort();
        },
      });

  return new Elysia({ name: "live" })
    .use(guard(house))
    .get("/projects/:proj/events", stream, { needs: "read" })
    .get("/projects/:proj/sessions/:sess/events", stream, { needs: "read" })
    .use(socket("/projects/:proj/ws"))
    .use(socket("/projects/:proj/sessions/:sess/ws"));
};

interface Asked {
  caller: Caller;
  request: Request;
  params: z.infer<typeof Place>;
  query: Query;
}

const Place = z.object({ proj: z.string(), sess: z.string().optional() });

/** Waits until the socket has taken what was sent, or has ended. */
function turn(drained: { ring: () => void }, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    drained.ring = resolve;
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

const text = ({ seq, json }: Frame): string => eventOf("event", seq, json);

type Query = Record<string, string | undefined>;
