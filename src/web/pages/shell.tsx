/** @jsxImportSource preact */
/** The document around every page. No inline script and no inline style: see `csp.ts`. */
import type { ComponentChildren } from "preact";
import { renderToString } from "preact-render-to-string";
import type { Assets } from "../assets.ts";
import type { Here } from "../parts/bar.tsx";

export type Theme = "light" | "dark" | null;

/** What every page is given. */
export interface Frame {
  assets: Assets;
  /** From the cookie `polaris_theme`; null follows the system. */
  theme: Theme;
  /** Of who is signed in. */
  here?: Here | undefined;
}

interface Document extends Frame {
  title: string;
  description?: string;
  /** What search engines may do; on pages that only who has the address should find: `noindex`. */
  robots?: string;
  /** The page's own address, where anybody may come: what is said to search engines and where the page is passed on. */
  canonical?: string | undefined;
  /** What it is in schema.org's words. */
  structured?: Record<string, unknown> | undefined;
  /** `page.js`, `session.js`, or none: a page must then be whole without. */
  script?: string;
  body: ComponentChildren;
}

/** The theme a request asks for by its cookie. */
export function themeOf(cookies: string | null): Theme {
  const found = /(?:^|;\s*)polaris_theme=(light|dark)(?:;|$)/.exec(cookies ?? "")?.[1];
  return found === "light" || found === "dark" ? found : null;
}

export function document({
  assets,
  here,
  theme,
  title,
  description,
  robots,
  canonical,
  structured,
  script,
  body,
}: Document): string {
  const page = (
    <html
      lang="en"
      {...(theme ? { "data-theme": theme } : {})}
      {...(script === "session.js"
        ? { "data-highlight": assets.href("highlight.js"), "data-ansi": assets.href("ansi.js") }
        : {})}
    >
      <head>
        <meta charset="utf-8" />
        <title>{title}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        {description ? <meta name="description" content={description} /> : null}
        {robots ? <meta name="robots" content={robots} /> : null}
        {canonical ? (
          <>
            <link rel="canonical" href={canonical} />
            <meta property="og:type" content="website" />
            <meta property="og:site_name" content="Polaris" />
            <meta property="og:url" content={canonical} />
            <meta property="og:title" content={title} />
            {description ? <meta property="og:description" content={description} /> : null}
            <meta property="og:image" content={new URL(assets.href("card.png"), canonical).href} />
            <meta property="og:image:width" content="1200" />
            <meta property="og:image:height" content="630" />
            <meta property="og:image:alt" content="Polaris" />
            <meta name="twitter:card" content="summary_large_image" />
          </>
        ) : null}
        {structured ? (
          <script
            type="application/ld+json"
            dangerouslySetInnerHTML={{
              __html: JSON.stringify(structured).replaceAll("<", "\\u003c"),
            }}
          />
        ) : null}
        <meta name="color-scheme" content={theme ?? "light dark"} />
        <link
          rel="preload"
          href={assets.href("geist.woff2")}
          as="font"
          type="font/woff2"
          crossorigin="anonymous"
        />
        <link rel="stylesheet" href={assets.href("app.css")} />
        <link rel="icon" href={assets.href("icon.svg")} type="image/svg+xml" />
        {script ? <script type="module" src={assets.href(script)} /> : null}
        {script && here ? <script type="module" src={assets.href("notices.js")} /> : null}
      </head>
      <body>{body}</body>
    </html>
  );
  return `<!doctype html>${renderToString(page)}`;
}
