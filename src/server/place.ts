import type { Caller } from "../core/caller.ts";
import type { Place } from "../core/injections.ts";
import * as projects from "../core/projects.ts";
import * as sessions from "../core/sessions.ts";
import type { House } from "./house.ts";

/** The project and session that an address names, inside the caller's access. */
export const placeOf =
  ({ db }: House) =>
  async (caller: Caller, params: { proj: string; sess: string }): Promise<Place> => {
    const project = await projects.get(db, caller, params.proj);
    const session = await sessions.get(db, caller, params.proj, params.sess);
    return { project, session };
  };
