/** @jsxImportSource preact */
/** The session page in the browser: takes over what the server drew, then follows the session live. */
import { hydrate } from "preact";
import { behave } from "./behave.ts";
import type { Desk } from "./desk.ts";
import { record } from "./field.ts";
import { frames, startFollow } from "./follow.ts";
import { isEvent, isHere, isPage, isSession } from "./guard.ts";
import { startKeys } from "./keys.ts";
import { startLive } from "./live.ts";
import { keepNotices } from "./notices.ts";
import { type SessionData, startStore } from "./store.ts";
import { SessionView } from "./view.tsx";

behave();
keepNotices();
start();

function start(): void {
  const root = document.getElementById("root");
  const data = read();
  if (!root || !data) return;
  const { signal } = new AbortController();
  const store = startStore(data);
  const project = `/projects/${encodeURIComponent(data.session.project)}`;
  const session = `${project}/sessions/${encodeURIComponent(data.session.name)}`;
  const desk: Desk = { store, whole, earlier, toggleFollow: () => follow.toggle() };
  hydrate(<SessionView desk={desk} />, root);

  const atWork = data.session.state === "working" || data.session.state === "needs_human";
  const follow = startFollow(atWork && scrollY === 0 && !location.hash, signal);
  startKeys({ follow: () => follow.toggle() }, signal);
  store.now.value = Date.now();
  setInterval(() => {
    store.now.value = Date.now();
  }, 10_000);
  startLive(
    {
      url: `${session}/events`,
      after: () => store.last(),
      onEvents(events) {
        const fresh = store.add(events);
        if (fresh) follow.grew(fresh);
        refresh();
      },
      onState(state) {
        store.now.value = Date.now();
        store.live.value = state;
        if (state.is === "live") refresh();
      },
    },
    signal,
  );
  addEventListener("hashchange", () => void reveal());
  void reveal();

  let asked = false;
  /** State and counts are the server's to decide; asked for at most once a second while things happen. */
  function refresh(): void {
    if (asked) return;
    asked = true;
    setTimeout(async () => {
      asked = false;
      const value = await get(session).catch(() => undefined);
      if (isSession(value)) store.session.value = value;
    }, 1000);
  }

  async function whole(seq: number): Promise<void> {
    const event = await get(`${project}/events/${seq}`);
    if (!isEvent(event)) throw new Error("the server answered something else");
    const { cut: _, ...rest } = event;
    store.replace(rest);
  }

  /** Puts earlier events above what is read, which stays where it is. */
  async function earlier(): Promise<void> {
    const page = await get(`${session}/messages?before=${store.first()}&limit=200`);
    if (!isPage(page)) throw new Error("the server answered something else");
    const above = document.querySelector(".turn .message, .turn > *");
    const before = above?.getBoundingClientRect().top ?? 0;
    store.earlier.value = page.next !== null;
    store.add(page.items);
    await frames(1);
    if (above?.isConnected) scrollBy({ top: above.getBoundingClientRect().top - before });
  }

  /** Goes to the event that the address names, however far back it lies, and opens what hides it. */
  async function reveal(): Promise<void> {
    const seq = Number(/^#e-(\d+)$/.exec(location.hash)?.[1]);
    if (!seq) return;
    while (seq < store.first() && store.earlier.value) await earlier();
    const target = document.getElementById(`e-${seq}`);
    for (
      let fold = target?.closest("details");
      fold;
      fold = fold.parentElement?.closest("details")
    ) {
      fold.open = true;
    }
    target?.scrollIntoView({ block: "center" });
    // What was skipped until now has its true height only after being drawn once.
    await frames(2);
    target?.scrollIntoView({ block: "center" });
  }
}

async function get(url: string): Promise<unknown> {
  const response = await fetch(url, { headers: { accept: "application/json" } });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return await response.json();
}

function read(): SessionData | undefined {
  const value: unknown = JSON.parse(document.getElementById("data")?.textContent ?? "null");
  const { session, events, earlier, now, viewer, here } = record(value);
  if (!isSession(session) || !Array.isArray(events) || !events.every(isEvent)) return undefined;
  return {
    session,
    events,
    earlier: earlier === true,
    now: typeof now === "number" ? now : Date.now(),
    viewer: typeof viewer === "string" ? viewer : null,
    here: isHere(here) ? here : undefined,
  };
}
