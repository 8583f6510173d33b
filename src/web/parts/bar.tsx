/** @jsxImportSource preact */
import type { ComponentChildren } from "preact";
import { Icon, Star } from "./icon.tsx";
import { SETTINGS } from "./tabs.tsx";
import { nameOf } from "./who.tsx";

/** Where in the server one is: the organisation, and one's others. */
export interface Here {
  org: { id: string; name: string };
  others: { id: string; name: string }[];
}

/** The bar above the signed-in pages: where one is, and who. */
export function TopBar({
  path,
  viewer,
  here,
  children,
}: {
  /** Name and address of each step; the last is the page itself. */
  path: [name: string, href: string][];
  viewer: string | null;
  here?: Here | undefined;
  /** What has to stay in sight: a session's state. */
  children?: ComponentChildren;
}) {
  return (
    <header class="bar">
      <a class="skip" href="#conversation">
        Skip to content
      </a>
      <nav aria-label="Where you are">
        <a class="brand" href="/app" aria-label="Polaris">
          <Star /> <span class="word">Polaris</span>
        </a>
        {path.map(([name, href], at) => (
          <span class="step" key={href}>
            <span aria-hidden="true">/</span>
            <a href={href} aria-current={at === path.length - 1 ? "page" : undefined}>
              {name}
            </a>
          </span>
        ))}
      </nav>
      <div class="bar-end">
        {children}
        <button
          type="button"
          class="quiet needs-script"
          data-theme-switch=""
          aria-label="Light or dark"
        >
          <Icon name="theme" />
        </button>
        {viewer && here ? <Menu viewer={viewer} here={here} /> : null}
        {viewer && !here ? <span class="viewer">{nameOf(viewer)}</span> : null}
      </div>
    </header>
  );
}

/** Plain forms in a fold, so that it opens and works without scripts. */
function Menu({ viewer, here }: { viewer: string; here: Here }) {
  return (
    <details class="menu">
      <summary class="button">
        <span class="viewer">{nameOf(viewer)} ·</span> {here.org.name}
      </summary>
      <div class="menu-sheet">
        {here.others.map(({ id, name }) => (
          <form method="post" action={`/orgs/${id}/switch`} key={id}>
            <button type="submit" class="menu-item">
              Go to {name}
            </button>
          </form>
        ))}
        <a class="menu-item" href="/app/search">
          Search
        </a>
        <a class="menu-item" href="/app/usage">
          Usage
        </a>
        {SETTINGS.map(([name, href]) => (
          <a class="menu-item" href={href} key={href}>
            {name}
          </a>
        ))}
        <button type="button" class="menu-item needs-script" data-notices="" aria-pressed="false">
          Notify me in this browser
        </button>
        <a class="menu-item" href="/app/welcome">
          New organisation
        </a>
        <form method="post" action="/auth/signout">
          <button type="submit" class="menu-item">
            Sign out
          </button>
        </form>
      </div>
    </details>
  );
}
