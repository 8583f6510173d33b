/** @jsxImportSource preact */
/** The frame of the settings' pages: where one is, the way to the others, what was wrong with the last form. */
import type { ComponentChildren } from "preact";
import { TopBar } from "../parts/bar.tsx";
import { type Tab, Tabs } from "../parts/tabs.tsx";
import { document, type Frame } from "./shell.tsx";

export interface SettingsPage extends Frame {
  viewer: string;
  problem?: string | undefined;
}

export function settingsPage(
  { viewer, problem, assets, theme, here }: SettingsPage,
  { tab, heading, children }: { tab: Tab; heading: string; children: ComponentChildren },
): string {
  return document({
    assets,
    theme,
    title: `${heading} · Polaris`,
    script: "page.js",
    body: (
      <>
        <TopBar path={[["settings", "/app/settings"]]} viewer={viewer} here={here} />
        <main class="list-page settings" id="conversation">
          <Tabs current={tab} />
          <h1>{heading}</h1>
          {problem ? (
            <p class="problem" role="alert">
              {problem}
            </p>
          ) : null}
          {children}
        </main>
      </>
    ),
  });
}
