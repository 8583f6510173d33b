/** @jsxImportSource preact */
/** One session: drawn whole by the server, so that it reads without scripts; the browser then follows it live. */
import { renderToString } from "preact-render-to-string";
import { NO_ACTS } from "../client/advice/acts.ts";
import type { Desk } from "../client/desk.ts";
import { type SessionData, startStore } from "../client/store.ts";
import { SessionView, titleOf } from "../client/view.tsx";
import { Icon } from "../parts/icon.tsx";
import { document, type Frame } from "./shell.tsx";

export interface SessionPage extends SessionData, Frame {}

export function sessionPage({ assets, theme, ...data }: SessionPage): string {
  const { session } = data;
  const desk: Desk = {
    store: startStore(data),
    advice: NO_ACTS,
    whole: async () => {},
    earlier: async () => {},
    toggleFollow() {},
  };
  return document({
    assets,
    theme,
    title: `${titleOf(session)} · ${session.project} · Polaris`,
    script: "session.js",
    body: (
      <>
        {/* Both texts are safe: our own components escape theirs, `embed` leaves no `<`. */}
        <div
          id="root"
          dangerouslySetInnerHTML={{ __html: renderToString(<SessionView desk={desk} />) }}
        />
        <script
          type="application/json"
          id="data"
          dangerouslySetInnerHTML={{ __html: embed(data) }}
        />
        <button type="button" class="pill" id="pill" hidden>
          <Icon name="down" /> <span>0 new</span>
        </button>
        <Help />
      </>
    ),
  });
}

/** JSON that cannot end or open an element. */
function embed({ session, events, earlier, now, viewer, here }: SessionData): string {
  return JSON.stringify({ session, events, earlier, now, viewer, here }).replaceAll("<", "\\u003c");
}

const KEYS = [
  ["j k", "next, previous turn"],
  ["o", "unfold what is in focus, or the turn"],
  ["f", "follow the end, or stay here"],
  ["i", "advise"],
  ["?", "this help"],
];

function Help() {
  return (
    <dialog id="help" class="sheet" aria-labelledby="help-title">
      <h2 id="help-title">Keys</h2>
      <dl class="fields">
        {KEYS.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit" class="button">
          Close
        </button>
      </form>
    </dialog>
  );
}
