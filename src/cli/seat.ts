import { ask } from "../machine/local.ts";
import type { Paths } from "../machine/paths.ts";
import { PolarisError } from "../wire/error.ts";
import type { Status } from "../wire/local.ts";
import { Participant } from "../wire/participant.ts";
import { Name, Slug } from "../wire/session.ts";

export interface Seat {
  project: string;
  session: string;
  /** Its address on the server. */
  path: string;
}

/** `checkout/s-7a3f`. */
export function seatOf(text: string | undefined): Seat {
  const [project, session, ...more] = text?.split("/") ?? [];
  const isRight = Slug.safeParse(project).success && Name.safeParse(session).success;
  if (!project || !session || more.length > 0 || !isRight) {
    throw new PolarisError("usage", text ? `"${text}" is no session.` : "Which session?", {
      hint: "Name it as <project>/<session>; polaris sessions lists them.",
    });
  }
  return { project, session, path: `/projects/${project}/sessions/${session}` };
}

/** The session that is named, else the one this agent session is recorded into. */
export async function seatHere(
  place: Paths,
  text: string | undefined,
  agentSession: string,
): Promise<Seat> {
  if (text || !agentSession) return seatOf(text);
  const { bindings } = await ask<Status>(place, "/status");
  const bound = bindings.find((binding) => binding.agentSession === agentSession);
  if (bound) return seatOf(`${bound.project}/${bound.name}`);
  throw new PolarisError("usage", "This agent session is not recorded.", {
    hint: "Join a project first, or name the session: <project>/<session>.",
  });
}

/** `priya` is short for `user:priya`. */
export function personOf(text: string): Participant {
  const parsed = Participant.safeParse(text.includes(":") ? text : `user:${text}`);
  if (parsed.success) return parsed.data;
  throw new PolarisError("usage", `"${text}" is nobody's name.`, {
    hint: "People are user:<name>, agents agent:<name>.",
  });
}
