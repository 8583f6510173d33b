/** @jsxImportSource preact */
import { h } from "preact";
import { SHAPES, type Shape, type ShapeName } from "./shapes.ts";

/** 16 px, drawn with the colour of the text around it. Named by `label`, or silent beside a word that says it. */
export function Icon({
  name,
  label,
  class: more = "",
}: {
  name: ShapeName;
  label?: string;
  class?: string;
}) {
  const shape: Shape = SHAPES[name];
  const named = label
    ? { role: "img" as const, "aria-label": label }
    : { "aria-hidden": "true" as const };
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: named by aria-label; a title would pop up as a tooltip
    <svg
      class={`icon ${more}`}
      viewBox="0 0 24 24"
      width="16"
      height="16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.75"
      stroke-linecap="round"
      stroke-linejoin="round"
      {...named}
    >
      {shape.map(([tag, attributes]) => h(tag, attributes))}
    </svg>
  );
}

/** The pole star: two lines that cross, thick where they meet. */
export function Star({ class: more = "" }: { class?: string }) {
  return (
    <svg class={`icon ${more}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path fill="currentColor" d="M8 0l1.5 6.5L16 8l-6.5 1.5L8 16l-1.5-6.5L0 8l6.5-1.5z" />
    </svg>
  );
}
