/** @jsxImportSource preact */
import type { StoredEvent } from "../../../wire/event.ts";
import { Time } from "../../parts/time.tsx";
import { nameOf } from "../../parts/who.tsx";
import { useDesk } from "../desk.ts";

/** Where an event lives on the page and in its address. */
export const anchor = (event: StoredEvent): string => `e-${event.seq}`;

/** When it happened; also the link to exactly this. */
export function When({ event }: { event: StoredEvent }) {
  const { store } = useDesk();
  return (
    <a class="when" href={`#${anchor(event)}`}>
      <Time at={event.at} now={store.now.value} />
    </a>
  );
}

/** Who speaks, and when. */
export function Head({ event, who, note }: { event: StoredEvent; who?: string; note?: string }) {
  return (
    <div class="head">
      <b>{who ? nameOf(who) : (event.senderName ?? nameOf(event.sender))}</b>
      {note ? <span class="note">{note}</span> : null}
      <When event={event} />
    </div>
  );
}
