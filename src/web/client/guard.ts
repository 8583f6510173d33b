/**
 * Checks of what our own server answers, by hand: zod in the page would weigh more than all else in it (about 60 KB),
 * and the server has parsed every event once already.
 */
import type { Agent } from "../../wire/agent.ts";
import type { StoredEvent } from "../../wire/event.ts";
import type { Outline } from "../../wire/outline.ts";
import type { SessionCommit } from "../../wire/pull.ts";
import type { Page, Project, Session } from "../../wire/session.ts";
import type { Team, TeamFrame, TeamProject } from "../../wire/team.ts";
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

export function isCommit(value: unknown): value is SessionCommit {
  const { sha, subject, movedTo } = record(value);
  const isMoved = movedTo === null || typeof movedTo === "string";
  return typeof sha === "string" && typeof subject === "string" && isMoved;
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

export function isAgent(value: unknown): value is Agent {
  const { name, participant, display, icon } = record(value);
  return [name, participant, display, icon].every((it) => typeof it === "string");
}

export function isHere(value: unknown): value is Here {
  const { org, others } = record(value);
  const isOrg = (it: unknown) =>
    typeof record(it).id === "string" && typeof record(it).name === "string";
  return isOrg(org) && Array.isArray(others) && others.every(isOrg);
}

const isPlace = (value: unknown): value is TeamProject => {
  const { id, slug, hours } = record(value);
  return typeof id === "string" && typeof slug === "string" && Array.isArray(hours);
};

const isSetup = (value: unknown): boolean => typeof record(value).machine === "boolean";

export function isTeam(value: unknown): value is Team {
  const { sessions, projects, setup, since } = record(value);
  return isTeamFrame({ sessions, projects, setup }) && typeof since === "number";
}

export function isTeamFrame(value: unknown): value is TeamFrame {
  const { sessions = [], projects = [], setup = { machine: true } } = record(value);
  return (
    Array.isArray(sessions) &&
    sessions.every(isSession) &&
    Array.isArray(projects) &&
    projects.every(isPlace) &&
    isSetup(setup)
  );
}

export function isProject(value: unknown): value is Project {
  const { slug, name, tags } = record(value);
  return typeof slug === "string" && typeof name === "string" && Array.isArray(tags);
}

export function isOutline(value: unknown): value is Outline {
  const { prompts, tokens, first, last } = record(value);
  return (
    Array.isArray(prompts) &&
    prompts.every((prompt) => typeof record(prompt).seq === "number") &&
    typeof record(tokens).input === "number" &&
    typeof record(first).seq === "number" &&
    typeof record(last).seq === "number"
  );
}
