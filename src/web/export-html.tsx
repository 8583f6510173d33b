/** @jsxImportSource preact */
/**
 * A session as one HTML file: styles inside, no script, nothing loaded from anywhere, so that it opens from a disk in
 * ten years. Its own policy says so too: text that slips through as markup stays inert.
 */
import { renderToString } from "preact-render-to-string";
import type { StoredEvent } from "../wire/event.ts";
import type { Session } from "../wire/session.ts";
import { Event } from "./pages/told.tsx";
import { absolute } from "./parts/time.tsx";
import { calledOf } from "./parts/who.tsx";

const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'";

export async function* htmlOf(
  session: Session,
  events: AsyncIterable<StoredEvent>,
  css: string,
): AsyncGenerator<string> {
  const title = session.title ?? `Session ${session.name}`;
  const head = renderToString(
    <head>
      <meta charset="utf-8" />
      <meta http-equiv="Content-Security-Policy" content={POLICY} />
      <title>{title}</title>
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="robots" content="noindex" />
      <meta name="color-scheme" content="light dark" />
      <style dangerouslySetInnerHTML={{ __html: alone(css) }} />
    </head>,
  );
  const about = [
    session.project,
    session.name,
    `${session.driver ? calledOf(session.driver, session.driverFace) : "open seat"} → ${calledOf(session.agent, session.agentFace)}`,
    session.branch,
    session.model,
  ].filter(Boolean);
  const top = renderToString(
    <header>
      <h1>{title}</h1>
      <p class="title-line">{about.join(" · ")}</p>
      <p class="dim small">
        Began {absolute(session.createdAt)}. Exported from Polaris{" "}
        {absolute(new Date().toISOString())}.
      </p>
    </header>,
  );
  yield `<!doctype html>\n<html lang="en">${head}<body><main class="told">${top}`;
  for await (const event of events) yield renderToString(<Event event={event} />);
  yield "</main></body></html>\n";
}

/** Fonts would be looked for beside the file; nothing in a style may end its element. */
const alone = (css: string): string =>
  css.replaceAll(/@font-face\s*\{[^}]*\}/g, "").replaceAll("</", "<\\/");
