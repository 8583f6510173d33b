import type { Event } from "../../wire/event.ts";
import { startRedactor } from "../redact.ts";
import { startPolicy } from "./policy.ts";
import { startProjects } from "./project.ts";
import { Unchecked } from "./unchecked.ts";

/** Everything that stands between what an agent says and what is written down. */
export interface Guard extends Disposable {
  /** The event without its secrets; throws `Unchecked` when that is not sure. `folder`: where the agent works. */
  clean(event: Event, folder?: string | null): Event;
  /** Changes when what could not be checked may be worth another try. */
  readonly mark: string;
  /** Why nothing can be checked at all, for people. */
  readonly error: string | null;
}

interface Needs {
  policy: string;
  version: string;
  /** The policy changed. */
  changed: () => void;
}

export function startGuard({ policy, version, changed }: Needs): Guard {
  const redact = startRedactor();
  const projects = startProjects();
  const team = startPolicy(policy, changed);

  function clean(event: Event, folder?: string | null): Event {
    const { patterns, allowed, error } = team.rules();
    if (error !== null) throw new Unchecked(error);
    return redact(event, { known: folder ? known(folder) : [], patterns, allowed });
  }

  function known(folder: string) {
    try {
      return projects(folder);
    } catch (cause) {
      throw new Unchecked("an .env file of the project cannot be read", { cause });
    }
  }

  return {
    clean,
    get mark() {
      return `${version} ${team.rules().mark}`;
    },
    get error() {
      return team.rules().error;
    },
    [Symbol.dispose]: () => team[Symbol.dispose](),
  };
}
