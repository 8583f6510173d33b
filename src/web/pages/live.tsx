/** @jsxImportSource preact */
/** A page that the browser takes over: drawn whole here, with the data it was drawn from beside it. */
import type { ComponentChildren, VNode } from "preact";
import { renderToString } from "preact-render-to-string";
import { document, type Frame } from "./shell.tsx";

export function livePage({
  assets,
  theme,
  title,
  script,
  view,
  data,
  children,
}: Frame & {
  title: string;
  script: string;
  view: VNode;
  data: object;
  children?: ComponentChildren;
}): string {
  return document({
    assets,
    theme,
    title: `${title} · Polaris`,
    script,
    body: (
      <>
        {/* Both texts are safe: our own components escape theirs, `embed` leaves no `<`. */}
        <div id="root" dangerouslySetInnerHTML={{ __html: renderToString(view) }} />
        <script
          type="application/json"
          id="data"
          dangerouslySetInnerHTML={{ __html: embed(data) }}
        />
        {children}
      </>
    ),
  });
}

/** JSON that cannot end or open an element. */
const embed = (data: object): string => JSON.stringify(data).replaceAll("<", "\\u003c");
