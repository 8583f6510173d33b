import type { ComponentChildren } from "preact";
import { Icon, Star } from "./icon.tsx";
import { nameOf } from "./who.tsx";

/** The bar above the signed-in pages: where one is, and who. */
export function TopBar({
  path,
  viewer,
  children,
}: {
  /** Name and address of each step; the last is the page itself. */
  path: [name: string, href: string][];
  viewer: string | null;
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
        {viewer ? <span class="viewer">{nameOf(viewer)}</span> : null}
      </div>
    </header>
  );
}
