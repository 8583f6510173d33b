/**
 * Tells its person, outside the page, when a session of theirs needs a human or somebody names them. Only where they
 * asked for it, by a button, and the browser agreed. Of all open tabs one asks the server, the others wait for its place.
 */
import type { Attention } from "../../wire/attention.ts";

const WANTED = "polaris_notices";
const SINCE = "polaris_notices_since";
const EVERY_MS = 5000;
/** Addresses already told of; a session that still waits is told of once. */
const told = new Set<string>();

const isWanted = () =>
  localStorage.getItem(WANTED) === "yes" && Notification.permission === "granted";

async function toggle(): Promise<void> {
  const wanted = !isWanted() && (await Notification.requestPermission()) === "granted";
  localStorage.setItem(WANTED, wanted ? "yes" : "no");
  localStorage.setItem(SINCE, new Date().toISOString());
  show();
}

/** The button says what is so. */
function show(): void {
  for (const button of document.querySelectorAll("[data-notices]")) {
    button.setAttribute("aria-pressed", String(isWanted()));
    button.textContent = isWanted()
      ? "Notices are on in this browser"
      : "Notify me in this browser";
  }
}

/** Holds the place for as long as the tab lives. */
async function listen(): Promise<never> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    if (isWanted()) await ask().catch(() => undefined); // offline: next time
  }
}

async function ask(): Promise<void> {
  const since = localStorage.getItem(SINCE) ?? new Date().toISOString();
  const response = await fetch(`/attention?since=${encodeURIComponent(since)}`);
  if (!response.ok) return;
  const answer: unknown = await response.json();
  if (!isAnswer(answer)) return;
  localStorage.setItem(SINCE, answer.now);
  for (const item of answer.items) {
    if (told.has(item.path)) continue;
    told.add(item.path);
    const title = item.kind === "needs_human" ? "needs a human" : "names you";
    const notice = new Notification(`${item.title ?? item.session} ${title}`, {
      body: item.text,
      tag: item.path,
    });
    notice.onclick = () => {
      window.focus();
      location.assign(item.path);
    };
  }
}

/** By hand: the schema's library is ten times this script. */
function isAnswer(value: unknown): value is { now: string; items: Attention[] } {
  if (typeof value !== "object" || value === null) return false;
  return (
    "now" in value &&
    typeof value.now === "string" &&
    "items" in value &&
    Array.isArray(value.items)
  );
}

if ("Notification" in window) {
  document.addEventListener("click", (click) => {
    const button = click.target instanceof Element ? click.target.closest("[data-notices]") : null;
    if (button) void toggle();
  });
  show();
  void navigator.locks?.request("polaris notices", () => listen());
}
