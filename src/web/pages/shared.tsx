/** @jsxImportSource preact */
/** `/share/…`: a session for whoever has the link. Whole without scripts; no search engine may keep it. */
import type { StoredEvent } from "../../wire/event.ts";
import type { Session } from "../../wire/session.ts";
import { Star } from "../parts/icon.tsx";
import { absolute } from "../parts/time.tsx";
import { calledOf } from "../parts/who.tsx";
import { document, type Frame } from "./shell.tsx";
import { Told } from "./told.tsx";

export interface SharedPage extends Frame {
  session: Pick<Session, "name" | "title" | "agent" | "driver" | "agentFace" | "driverFace">;
  events: StoredEvent[];
  /** Where the next page begins; null at the end. */
  next: string | null;
  /** Where this page begins. */
  after: number;
  expiresAt: Date;
  /** The address streams are read from, when what comes later is shown too. */
  live?: string | undefined;
}

export function sharedPage(page: SharedPage): string {
  const { session, events, next, after, expiresAt, live } = page;
  const title = session.title ?? `Session ${session.name}`;
  return document({
    ...page,
    title: `${title} · Polaris`,
    description: `A coding-agent session, shared with this link.`,
    robots: "noindex, nofollow, noarchive",
    ...(live ? { script: "share.js" } : {}),
    body: (
      <>
        <header class="bar">
          <span class="brand">
            <Star /> <span class="word">Polaris</span>
          </span>
          <span class="bar-end">
            shared, read only · ends {absolute(expiresAt.toISOString()).slice(0, 16)} UTC
          </span>
        </header>
        <main class="told" id="conversation" data-live={live}>
          <h1>{title}</h1>
          <p class="title-line">
            {session.driver ? calledOf(session.driver, session.driverFace) : "open seat"} →{" "}
            {calledOf(session.agent, session.agentFace)}
          </p>
          {after > 0 ? (
            <p class="earlier">
              <a class="button" href="?">
                From the beginning
              </a>
            </p>
          ) : null}
          {events.length > 0 ? (
            <Told events={events} />
          ) : (
            <p class="empty">Nothing has been said in this part of the session yet.</p>
          )}
          {next ? (
            <p class="earlier">
              <a class="button" href={`?after=${next}`}>
                Go on reading
              </a>
            </p>
          ) : null}
        </main>
      </>
    ),
  });
}
