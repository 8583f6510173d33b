/**
 * The same keys on every page: `/` search, `g` and a letter to go somewhere, `j` `k` through what is listed, `o` to open
 * it, `?` help; a page adds its own. Never while someone types, never with a modifier.
 */
import { SECTIONS } from "../parts/sections.ts";
import { help } from "./behave.ts";

/** After `g`, the next key within this time says where to go. */
const LEAD_MS = 1200;

export function startKeys(own: Record<string, () => void>, signal: AbortSignal): void {
  let led = 0;
  const acts: Record<string, () => void> = {
    j: () => step(1),
    k: () => step(-1),
    o: unfold,
    "?": help,
    "/": search,
    g: () => {
      led = Date.now();
    },
    ...own,
  };
  document.addEventListener(
    "keydown",
    (press) => {
      if (press.ctrlKey || press.metaKey || press.altKey || press.isComposing) return;
      if (typing(press.target) || document.querySelector("dialog[open]")) return;
      const leads = Date.now() - led < LEAD_MS;
      led = 0;
      const place = leads && SECTIONS.find(([, , , key]) => key === press.key)?.[1];
      if (place) location.assign(place);
      else if (Object.hasOwn(acts, press.key)) acts[press.key]?.();
      else return;
      press.preventDefault();
    },
    { signal },
  );
}

function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName))
  );
}

function search(): void {
  const box = document.querySelector<HTMLInputElement>("input[type=search]");
  if (box) box.focus();
  else location.assign("/app/search");
}

const listed = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(".turn, .row-link")];

/** The one in focus, else the one at the top of the screen. */
function here(all: HTMLElement[]): number {
  const focused = document.activeElement?.closest<HTMLElement>(".turn, .row-link");
  if (focused) return all.indexOf(focused);
  if (all[0]?.matches(".row-link")) return -1;
  return all.findLastIndex((each) => each.getBoundingClientRect().top < 100);
}

function step(by: number): void {
  const all = listed();
  const next = all[Math.min(all.length - 1, Math.max(0, here(all) + by))];
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: next.matches(".turn") ? "start" : "nearest" });
}

/** Follows the row in focus; else opens the fold in focus, or every fold of the turn when any is closed. */
function unfold(): void {
  const row = document.activeElement?.closest<HTMLElement>(".row-link");
  if (row) {
    row.click();
    return;
  }
  const one = document.activeElement?.closest("details");
  if (one) {
    one.open = !one.open;
    return;
  }
  const all = listed();
  const folds = [...(all[here(all)]?.querySelectorAll("details") ?? [])];
  const open = folds.some((fold) => !fold.open);
  for (const fold of folds) fold.open = open;
}
