/** @jsxImportSource preact */
/** One session: drawn whole by the server, so that it reads without scripts; the browser then follows it live. */
import { still } from "../client/desk.ts";
import { type SessionData, startStore } from "../client/store.ts";
import { SessionView } from "../client/view.tsx";
import { Icon } from "../parts/icon.tsx";
import { titleOf } from "../parts/title.ts";
import { livePage } from "./live.tsx";
import type { Frame } from "./shell.tsx";

export interface SessionPage extends SessionData, Frame {}

export function sessionPage({ assets, theme, ...data }: SessionPage): string {
  const { session } = data;
  return livePage({
    assets,
    theme,
    title: `${titleOf(session)} · ${session.project}`,
    script: "session.js",
    view: <SessionView desk={still(startStore(data))} />,
    data,
    children: (
      <button type="button" class="pill" id="pill" hidden>
        <Icon name="down" /> <span>0 new</span>
      </button>
    ),
  });
}
