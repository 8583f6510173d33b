/** j/k turns, o unfold, f follow, i advise, ? help. Never while someone types, never with a modifier. */
import { help } from "./behave.ts";

export function startKeys(acts: { follow(): void }, signal: AbortSignal): void {
  document.addEventListener(
    "keydown",
    (press) => {
      if (press.ctrlKey || press.metaKey || press.altKey || typing(press.target)) return;
      if (press.key === "j") step(1);
      else if (press.key === "k") step(-1);
      else if (press.key === "o") unfold();
      else if (press.key === "f") acts.follow();
      else if (press.key === "i") document.getElementById("advise")?.focus();
      else if (press.key === "?") help();
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

const turns = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(".turn")];

/** The turn in focus, else the one at the top of the screen. */
function here(all: HTMLElement[]): number {
  const focused = document.activeElement?.closest<HTMLElement>(".turn");
  if (focused) return all.indexOf(focused);
  return all.findLastIndex((turn) => turn.getBoundingClientRect().top < 100);
}

function step(by: number): void {
  const all = turns();
  const next = all[Math.min(all.length - 1, Math.max(0, here(all) + by))];
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: "start" });
}

/** The one in focus, else every fold of the turn: open them if any is closed. */
function unfold(): void {
  const one = document.activeElement?.closest("details");
  if (one) {
    one.open = !one.open;
    return;
  }
  const all = turns();
  const folds = [...(all[here(all)]?.querySelectorAll("details") ?? [])];
  const open = folds.some((fold) => !fold.open);
  for (const fold of folds) fold.open = open;
}
