import type { Session } from "../../wire/session.ts";

type Named = Pick<Session, "label" | "title" | "lastPrompt" | "name">;

/** What a session is called: by its people, by its agent, by its last prompt, or by its name. */
export const titleOf = ({ label, title, lastPrompt, name }: Named): string =>
  label || title || firstLine(lastPrompt ?? "", 90) || name;

/** The first line that says something. */
function firstLine(value: string, most: number): string {
  const first = value.split("\n").find((each) => each.trim()) ?? "";
  return first.length > most ? `${first.slice(0, most)}…` : first.trim();
}

export const addressOf = ({ project, name }: Pick<Session, "project" | "name">): string =>
  `${projectAddress(project)}/s/${encodeURIComponent(name)}`;

export const projectAddress = (slug: string): string => `/app/p/${encodeURIComponent(slug)}`;
