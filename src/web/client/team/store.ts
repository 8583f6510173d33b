/** Everything a page of sessions knows; made by the server to draw it and by the browser to follow it. */
import { type Signal, signal } from "@preact/signals";
import type { Session, State } from "../../../wire/session.ts";
import type { Setup, Team, TeamFrame, TeamProject } from "../../../wire/team.ts";
import type { LiveState } from "../live.ts";

export interface TeamStore {
  /** Raised with every change of what `groups` answers. */
  revision: Signal<number>;
  projects: Signal<TeamProject[]>;
  setup: Signal<Setup>;
  live: Signal<LiveState | null>;
  now: Signal<number>;
  /** What the stream resumes with. */
  since(): number;
  groups(): Group[];
  take(frame: TeamFrame, id: number): void;
}

export interface Group {
  name: string;
  sessions: Session[];
}

/** The order of the page. What asks comes first; failed and paused count as quiet. */
const GROUPS: readonly (readonly [name: string, states: readonly State[]])[] = [
  ["Needs a human", ["needs_human"]],
  ["Working", ["working"]],
  ["Quiet", ["failed", "paused", "idle"]],
  ["Finished", ["finished"]],
];

export function startTeamStore(team: Team, now: number): TeamStore {
  const sessions = new Map(team.sessions.map((session) => [session.id, session]));
  const revision = signal(0);
  const projects = signal(team.projects);
  const setup = signal(team.setup);
  let since = team.since;
  return {
    revision,
    projects,
    setup,
    live: signal(null),
    now: signal(now),
    since: () => since,
    groups: () => {
      const all = [...sessions.values()];
      return GROUPS.map(([name, states]) => ({
        name,
        sessions: all.filter(({ state }) => states.includes(state)).sort(byState),
      })).filter((group) => group.sessions.length > 0);
    },
    take(frame, id) {
      since = Math.max(since, id);
      for (const session of frame.sessions ?? []) {
        // Frames may come twice, and late ones after newer.
        if ((sessions.get(session.id)?.lastSeq ?? -1) <= session.lastSeq) {
          sessions.set(session.id, session);
        }
      }
      if (frame.projects) {
        projects.value = frame.projects;
        const here = new Set(frame.projects.map(({ slug }) => slug));
        for (const [key, { project }] of sessions) if (!here.has(project)) sessions.delete(key);
      }
      if (frame.setup) setup.value = frame.setup;
      revision.value++;
    },
  };
}

/** Who waits longest comes first; else the newest. By when the state began: rows at work must not trade places. */
function byState(a: Session, b: Session): number {
  const order = atOf(a) < atOf(b) ? -1 : atOf(a) > atOf(b) ? 1 : a.id < b.id ? -1 : 1;
  return a.state === "needs_human" ? order : -order;
}

const atOf = (session: Session): string =>
  session.stateAt ?? session.lastEventAt ?? session.createdAt;
