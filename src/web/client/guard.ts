/**
 * Checks of what our own server answers, by hand: zod in the page would weigh more than all else in it (about 60 KB),
 * and the server has parsed every event once already.
 */
import type { StoredEvent } from "../../wire/event.ts";
import type { Page, Session } from "../../wire/session.ts";
import type { Here } from "../parts/bar.tsx";
import { record } from "./field.ts";

export function isEvent(value: unknown): value is StoredEvent {
  const { seq, id, at, kind, sender, body } = record(value);
  return (
    typeof seq === "number" &&
    typeof id === "string" &&
    typeof at === "string" &&
    typeof kind === "string" &&
    typeof sender === "string" &&
    typeof body === "object" &&
    body !== null
  );
}

export function isPage(value: unknown): value is Page<StoredEvent> {
  const { items, next } = record(value);
  return (
    Array.isArray(items) && items.every(isEvent) && (next === null || typeof next === "string")
  );
}

export function isSession(value: unknown): value is Session {
  const { id, name, state, prompts, toolCalls } = record(value);
  return (
    typeof id === "string" &&
    typeof name === "string" &&
    typeof state === "string" &&
    typeof prompts === "number" &&
    typeof toolCalls === "number"
  );
}

export function isHere(value: unknown): value is Here {
  const { org, others } = record(value);
  const isOrg = (it: unknown) =>
    typeof record(it).id === "string" && typeof record(it).name === "string";
  return isOrg(org) && Array.isArray(others) && others.every(isOrg);
}
