/** @jsxImportSource preact */
import type { ComponentChildren } from "preact";
import { Help, type Keys } from "./help.tsx";
import { Icon, Star } from "./icon.tsx";
import { SECTIONS, sectionOf } from "./sections.ts";
import { SETTINGS } from "./tabs.tsx";
import { nameOf } from "./who.tsx";

/** Where in the server one is: the organisation, and one's others. */
export interface Here {
  org: { id: string; name: string };
  others: { id: string; name: string }[];
}

/** What `j` and `k` do on a page of rows. */
const ROWS: Keys = [
  ["j k", "next, previous row"],
  ["o", "go there"],
];

/** The bar above the signed-in pages: the sections, where one is, and who. At phone width the sections go below. */
export function TopBar({
  path,
  viewer,
  here,
  keys = ROWS,
  children,
}: {
  /** Name and address of each step; the last is the page itself. */
  path: [name: string, href: string][];
  viewer: string | null;
  here?: Here | undefined;
  /** The page's own keys, for the help. */
  keys?: Keys;
  /** What has to stay in sight: a session's state. */
  children?: ComponentChildren;
}) {
  const current = sectionOf(path[0]?.[1] ?? "/app");
  return (
    <>
      <header class="bar">
        <a class="skip" href="#conversation">
          Skip to content
        </a>
        <a class="brand" href="/app" aria-label="Polaris">
          <Star /> <span class="word">Polaris</span>
        </a>
        <nav class="sections" aria-label="Sections">
          {SECTIONS.map(([name, href, icon]) => (
            <a key={href} href={href} aria-current={name === current ? "page" : undefined}>
              <Icon name={icon} />
              <span>{name}</span>
            </a>
          ))}
        </nav>
        <div class="bar-end">
          {children}
          <button
            type="button"
            class="quiet needs-script wide-only"
            data-help=""
            aria-label="Keys and help"
          >
            <Icon name="keyboard" />
          </button>
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
      <Crumbs path={path} />
      <Help keys={keys} />
    </>
  );
}

/** The way down to this page; nothing for a section's own. */
function Crumbs({ path }: { path: [name: string, href: string][] }) {
  const [first] = path;
  if (!first || (path.length === 1 && SECTIONS.some(([, href]) => href === first[1]))) return null;
  return (
    <nav class="crumbs" aria-label="Where you are">
      {path.map(([name, href], at) => (
        <span class="step" key={href}>
          {at ? <span aria-hidden="true">/</span> : null}
          <a href={href} aria-current={at === path.length - 1 ? "page" : undefined}>
            {name}
          </a>
        </span>
      ))}
    </nav>
  );
}

/** Plain forms in a fold, so that it opens and works without scripts. */
function Menu({ viewer, here }: { viewer: string; here: Here }) {
  return (
    <details class="menu">
      <summary class="button">
        <span class="viewer">{nameOf(viewer)} ·</span> <span class="org">{here.org.name}</span>
      </summary>
      <div class="menu-sheet">
        {here.others.map(({ id, name }) => (
          <form method="post" action={`/orgs/${id}/switch`} key={id}>
            <button type="submit" class="menu-item">
              Go to {name}
            </button>
          </form>
        ))}
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
