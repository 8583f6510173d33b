/** @jsxImportSource preact */
/** The session page in the browser: takes over what the server drew, then follows the session live. */
import { hydrate } from "preact";
import type { SessionCommit } from "../../wire/pull.ts";
import { startActs } from "./advice/acts.ts";
import { behave } from "./behave.ts";
import type { Desk } from "./desk.ts";
import { list, record } from "./field.ts";
import { frames, startFollow } from "./follow.ts";
import { isCommit, isEvent, isHere, isOutline, isSession } from "./guard.ts";
import { startKeys } from "./keys.ts";
import { startLive } from "./live.ts";
import { ask, tell } from "./reader/ask.ts";
import { startReplay } from "./reader/replay.ts";
import { startWindow } from "./reader/window.ts";
import { FULL, type SessionData, startStore } from "./store.ts";
import { SessionView } from "./view.tsx";

behave();
start();

function start(): void {
  const root = document.getElementById("root");
  const data = read();
  if (!root || !data) return;
  const { signal } = new AbortController();
  const store = startStore(data);
  const project = `/projects/${encodeURIComponent(data.session.project)}`;
  const session = `${project}/sessions/${encodeURIComponent(data.session.name)}`;
  const window = startWindow(store, session, signal);
  const replay = startReplay(store, { window, address: session, drawn: () => follow.end() });
  const advice = startActs(session, (now) => {
    store.session.value = now;
  });
  const desk: Desk = {
    store,
    advice,
    whole,
    commits,
    rename,
    replay,
    earlier: () => window.earlier().catch(failed),
    later: () => window.later().catch(failed),
    async show(seq) {
      follow.stay();
      await window.show(seq).catch(failed);
      follow.stay();
    },
    end,
    toggleFollow: () => follow.toggle(),
  };
  hydrate(<SessionView desk={desk} />, root);

  const atWork = data.session.state === "working" || data.session.state === "needs_human";
  const follow = startFollow(
    {
      opensAtEnd: atWork && scrollY === 0 && !location.hash,
      isAtEnd: () => !store.later.value,
      end,
    },
    signal,
  );
  startKeys({ f: () => follow.toggle(), r: replay.open, i: advise }, signal);
  store.now.value = Date.now();
  setInterval(() => {
    store.now.value = Date.now();
  }, 10_000);
  startLive(
    {
      address: () => `${session}/events?after=${store.heard()}`,
      read({ event, data: json }) {
        const value: unknown = event === "event" ? JSON.parse(json) : undefined;
        return isEvent(value) ? value : undefined;
      },
      onNews(events) {
        const fresh = store.hear(events);
        if (fresh) follow.grew(fresh);
        // A tab that is open for days; not under somebody who reads further up.
        if (store.size() > FULL && follow.isOn())
          store.extend("later", { events: [], more: false });
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
  void outline();

  let asked = false;
  /** State and counts are the server's to decide; asked for at most once a second while things happen. */
  function refresh(): void {
    if (asked) return;
    asked = true;
    setTimeout(async () => {
      asked = false;
      const value = await ask(session).catch(() => undefined);
      if (isSession(value)) store.session.value = value;
    }, 1000);
  }

  async function outline(): Promise<void> {
    const value = await ask(`${session}/outline`).catch(() => undefined);
    if (isOutline(value)) store.outline.value = value;
  }

  async function commits(): Promise<SessionCommit[]> {
    const { items } = record(await ask(`${session}/commits?limit=500`));
    return list(items).filter(isCommit);
  }

  async function whole(seq: number): Promise<void> {
    const event = await ask(`${project}/events/${seq}`);
    if (!isEvent(event)) throw new Error("the server answered something else");
    const { cut: _, ...rest } = event;
    store.replace(rest);
  }

  /** Shows the new name at once; when the server refuses, the old one comes back with the reason. */
  async function rename(words: string): Promise<void> {
    const before = store.session.value;
    store.session.value = { ...before, label: words.trim() || null };
    try {
      const body = JSON.stringify({ label: words });
      const value = await ask(session, { method: "PATCH", body });
      if (isSession(value)) store.session.value = value;
    } catch (error) {
      store.session.value = { ...store.session.value, label: before.label };
      tell(`Not renamed. ${error instanceof Error ? error.message : ""}`);
    }
  }

  async function end(): Promise<void> {
    if (store.replay.value) return;
    await window.end().catch(failed);
    await frames(1);
  }

  /** Goes to the event that the address names, however far back it lies. */
  async function reveal(): Promise<void> {
    const seq = Number(/^#e-(\d+)$/.exec(location.hash)?.[1]);
    if (seq) await desk.show(seq);
  }
}

/** Functions, because `start` runs before what stands below it as a value is made. */
function advise(): void {
  document.getElementById("advise")?.focus();
}

function failed(error: unknown): void {
  tell(error instanceof Error ? error.message : "Failed.");
}

function read(): SessionData | undefined {
  const value: unknown = JSON.parse(document.getElementById("data")?.textContent ?? "null");
  const { session, events, earlier, later, now, viewer, here, pulls } = record(value);
  if (!isSession(session) || !Array.isArray(events) || !events.every(isEvent)) return undefined;
  return {
    session,
    events,
    earlier: earlier === true,
    later: later === true,
    now: typeof now === "number" ? now : Date.now(),
    viewer: typeof viewer === "string" ? viewer : null,
    here: isHere(here) ? here : undefined,
    pulls: pulls === true,
  };
}
