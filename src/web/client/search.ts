/**
 * The search page's script: results while one types, and new ones as they come. Both fetch the page itself and take its
 * results, so that there is one way to draw them; the address follows, so that every state can be sent to somebody.
 */
import { behave, keepTimes } from "./behave.ts";
import { startKeys } from "./keys.ts";

behave();
keepTimes();
startKeys({}, new AbortController().signal);

const form = document.getElementById("search");
const TYPING_MS = 200;
const FRESH_MS = 5000;

let asking: AbortController | undefined;
let waiting: ReturnType<typeof setTimeout> | undefined;

if (form instanceof HTMLFormElement) {
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => void ask(addressOf(form)), TYPING_MS);
  });
  form.addEventListener("submit", (submit) => {
    submit.preventDefault();
    clearTimeout(waiting);
    void ask(addressOf(form));
  });
  setInterval(() => {
    // Whoever has gone on to an earlier page, or picks words right now, is left alone.
    if (document.hidden || asking || new URLSearchParams(location.search).has("cursor")) return;
    if (location.search) void ask(location.pathname + location.search);
  }, FRESH_MS);
}

/** Only what is filled in: `/app/search?q=retry&tool=Bash`. */
function addressOf(form: HTMLFormElement): string {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && value.trim()) query.set(name, value.trim());
  }
  return `${location.pathname}${query.size > 0 ? `?${query}` : ""}`;
}

async function ask(address: string): Promise<void> {
  asking?.abort();
  const mine = new AbortController();
  asking = mine;
  try {
    const response = await fetch(address, { signal: mine.signal });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.getElementById("results");
    const shown = document.getElementById("results");
    if (response.redirected || !fresh || !shown) return location.assign(address);
    if (fresh.innerHTML !== shown.innerHTML) put(shown, fresh);
    if (address !== location.pathname + location.search) history.replaceState(null, "", address);
    document.title = page.title;
  } catch {
    // Aborted by the next key, or offline: what is shown stays.
  } finally {
    if (asking === mine) asking = undefined;
  }
}

/** A link that has the focus keeps it. */
function put(shown: HTMLElement, fresh: HTMLElement): void {
  const active = document.activeElement;
  const focused = active instanceof HTMLAnchorElement ? active.getAttribute("href") : null;
  shown.replaceChildren(...document.importNode(fresh, true).childNodes);
  if (!focused) return;
  for (const link of shown.querySelectorAll("a")) {
    if (link.getAttribute("href") === focused) link.focus();
  }
}
