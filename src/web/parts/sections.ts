import type { ShapeName } from "./shapes.ts";

/** The signed-in pages' first level: name, address, icon, and the key that follows `g`. */
export const SECTIONS: readonly (readonly [
  name: string,
  href: string,
  icon: ShapeName,
  key: string,
])[] = [
  ["Team", "/app", "team", "t"],
  ["Projects", "/app/projects", "projects", "p"],
  ["Search", "/app/search", "search", "s"],
  ["Usage", "/app/usage", "usage", "u"],
  ["Settings", "/app/settings", "settings", ","],
];

/** The section that a page stands in, by its address; a project's pages belong to Projects. */
export function sectionOf(href: string): string {
  if (href.startsWith("/app/p/")) return "Projects";
  const inside = SECTIONS.filter(([, at]) => href === at || href.startsWith(`${at}/`));
  return inside.at(-1)?.[0] ?? "Team";
}
