import { Elysia } from "elysia";
import { z } from "zod";
import { linesOf } from "../../core/ingest.ts";
import { input, sentence } from "../../core/input.ts";
import { post } from "../../core/post.ts";
import * as projects from "../../core/projects.ts";
import { refusalOf, screen } from "../../core/reports.ts";
import * as sessions from "../../core/sessions.ts";
import { parseStorable } from "../../core/storable.ts";
import { uuid7 } from "../../lib/uuid.ts";
import { PolarisError } from "../../wire/error.ts";
import { Event } from "../../wire/event.ts";
import { Participant } from "../../wire/participant.ts";
import { Name, Slug } from "../../wire/session.ts";
import { readText } from "../body.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { translate } from "../payload.ts";
import { NO_PARSE } from "./projects.ts";

/** Where events come in: the daemon's batches, and one session's events from scripts and hooks. */
export const eventRoutes = (house: House) => {
  const { db, bell, ingest, limits } = house;
  return new Elysia({ name: "events" })
    .use(guard(house))
    .post(
      "/ingest",
      async ({ caller, request }) => {
        const type = request.headers.get("content-type") ?? "";
        const json = type.startsWith("application/json");
        if (!json && !type.startsWith("application/x-ndjson")) {
          throw new PolarisError(
            "unsupported_media_type",
            "Batches are application/x-ndjson or application/json.",
          );
        }
        return limits.pace(caller, async () => {
          const lines = linesOf(await readText(request), json ? "json" : "ndjson");
          return { count: lines.items.length, answer: await ingest(caller, lines) };
        });
      },
      { needs: "ingest", ...NO_PARSE },
    )
    .post(
      "/projects/:proj/sessions/:sess/events",
      async ({ caller, request, params, set }) => {
        const text = await readText(request);
        const value = parseStorable(text);
        const list = Array.isArray(value) ? value : [value];
        if (list.length > 1000) {
          throw new PolarisError("too_large", "At most 1,000 events in one request.");
        }
        limits.post(caller, list.length);
        const { project } = await projects.create(
          db,
          caller,
          input(ProjectSlug, { slug: params.proj }),
        );
        const { session } = await sessions.create(db, caller, project, {
          name: input(Name, params.sess),
          agent: "agent:claude",
        });
        const people = { driver: session.driver ?? caller.participant, agent: session.agent };
        const refused: { index: number; code: string; message: string }[] = [];
        const events: Event[] = [];
        for (const [index, item] of list.entries()) {
          try {
            const made = eventsOf(item, people);
            const items = made.map((event) => ({ event, session: session.id }));
            const ours = made.map(refusalOf).find(Boolean);
            if (ours) throw new PolarisError("forbidden", ours);
            const [odd] = (await screen(db, caller, project.id, items)).values();
            if (odd) throw new PolarisError("forbidden", odd);
            events.push(...made);
          } catch (error) {
            if (!(error instanceof PolarisError)) throw error;
            refused.push({ index, code: error.code, message: error.message });
          }
        }
        const [first] = refused;
        if (first && events.length === 0) {
          if (first.code === "forbidden") throw new PolarisError("forbidden", first.message);
          throw new PolarisError("invalid_input", first.message, {
            hint: "Send { sender, payload } or { sender, kind, text, body }, one or a list.",
          });
        }
        const done = await post(db, bell, caller, { project, session, events });
        set.status = done.some(({ known }) => !known) ? 201 : 200;
        return { events: done, refused };
      },
      { needs: "ingest", ...NO_PARSE },
    );
};

const ProjectSlug = z.object({ slug: Slug });

/** Our envelope with what the server can fill in left out. */
const Envelope = Event.partial({ id: true, at: true, source: true });
/** The first wire form: a hook's own JSON and who sends it. */
const Posted = z.object({
  id: z.guid().optional(),
  sender: Participant.optional(),
  payload: z.record(z.string(), z.unknown()),
});

function eventsOf(item: unknown, people: { driver: string; agent: string }): Event[] {
  if (item !== null && typeof item === "object" && "payload" in item) {
    const posted = input(Posted, item);
    return translate(posted, people);
  }
  const parsed = Envelope.safeParse(item);
  if (!parsed.success) throw new PolarisError("invalid_input", sentence(parsed.error));
  const { id = uuid7(), at = new Date().toISOString(), source, ...rest } = parsed.data;
  return [{ ...rest, id, at, source: source ?? { agent: "api", translator: 1, via: "api" } }];
}
