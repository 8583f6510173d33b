import type { Event } from "../../wire/event.ts";
import type { Policy } from "../../wire/policy.ts";
import { startRedactor } from "../redact.ts";
import { type Rules, rulesOf, startPolicy, together } from "./policy.ts";
import { startProjects } from "./project.ts";
import { Unchecked } from "./unchecked.ts";

/** Everything that stands between what an agent says and what is written down. */
export interface Guard extends Disposable {
  /** The event without its secrets; throws `Unchecked` when that is not sure. `folder`: where the agent works. */
  clean(event: Event, folder?: string | null): Event;
  /** From now on these teams' policies count besides the machine's own. */
  adopt(policies: readonly Policy[]): void;
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
  let teams: Rules[] = [];
  const own = startPolicy(policy, () => {
    rules = together(own.rules(), teams);
    changed();
  });
  let rules = together(own.rules(), teams);

  function clean(event: Event, folder?: string | null): Event {
    const { patterns, allowed, error } = rules;
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
    adopt(policies) {
      const before = rules.mark;
      teams = policies.map((one) => rulesOf(JSON.stringify(one), "the team's policy"));
      rules = together(own.rules(), teams);
      if (rules.mark !== before) changed();
    },
    get mark() {
      return `${version} ${rules.mark}`;
    },
    get error() {
      return rules.error;
    },
    [Symbol.dispose]: () => own[Symbol.dispose](),
  };
}
