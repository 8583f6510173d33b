/** @jsxImportSource preact */
/** `/app/p/:project`: its sessions, those that need a human first. */
import type { Agent } from "../../wire/agent.ts";
import type { Project, Session } from "../../wire/session.ts";
import type { Team, Trouble } from "../../wire/team.ts";
import { ProjectView } from "../client/team/project.tsx";
import { startTeamStore } from "../client/team/store.ts";
import { livePage } from "./live.tsx";
import type { Frame } from "./shell.tsx";

export interface ProjectPage extends Frame {
  project: Project;
  sessions: Session[];
  /** The agents at home in it. */
  home: Agent[];
  /** Cursor of the next page of sessions, null at the end. */
  next: string | null;
  /** What stands still in Slack. */
  trouble?: Trouble[];
  now: number;
  viewer: string;
}

export function projectPage({
  project,
  sessions,
  home,
  next,
  trouble = [],
  now,
  viewer,
  ...frame
}: ProjectPage): string {
  const setup = { machine: true, session: true, slack: null, trouble };
  const place = { ...project, hours: [] };
  const team: Team = { sessions, projects: [place], setup, since: now };
  const { here } = frame;
  const view = { project, home, next, viewer, here };
  return livePage({
    ...frame,
    title: project.slug,
    script: "team.js",
    view: <ProjectView {...view} store={startTeamStore(team, now)} />,
    data: { team, now, ...view },
  });
}
