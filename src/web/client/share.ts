/** A shared session that goes on: new events are drawn by the server and taken from the page itself. */
import { behave } from "./behave.ts";

behave();

const SOON_MS = 500;
const place = document.getElementById("conversation");
const stream = place?.dataset.live;

if (place && stream) {
  const source = new EventSource(stream);
  let waiting: ReturnType<typeof setTimeout> | undefined;
  source.addEventListener("event", () => {
    if (waiting) return;
    waiting = setTimeout(() => {
      waiting = undefined;
      void draw(place);
    }, SOON_MS);
  });
  // Ended: the page says so itself.
  source.addEventListener("gone", () => {
    source.close();
    location.reload();
  });
}

async function draw(place: HTMLElement): Promise<void> {
  const response = await fetch(location.href).catch(() => undefined);
  if (!response) return; // offline: the next event tries again
  if (!response.ok) return location.reload();
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.getElementById("conversation");
  if (!fresh) return;
  // Only what is new: what is open stays open, and nothing moves under a reader.
  const known = new Set([...place.children].map(({ id }) => id).filter(Boolean));
  for (const each of fresh.children) {
    if (each.id && !known.has(each.id)) place.append(document.importNode(each, true));
  }
  place.querySelector(".empty")?.remove();
}
