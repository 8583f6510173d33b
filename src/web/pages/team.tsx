/** @jsxImportSource preact */
/** `/app`: who works on what. */
import type { Team } from "../../wire/team.ts";
import { startTeamStore } from "../client/team/store.ts";
import { TeamView } from "../client/team/view.tsx";
import { livePage } from "./live.tsx";
import type { Frame } from "./shell.tsx";

export interface TeamPage extends Frame {
  team: Team;
  /** Where machines find this server. */
  url: string;
  now: number;
  viewer: string;
}

export function teamPage({ team, url, now, viewer, ...frame }: TeamPage): string {
  const store = startTeamStore(team, now);
  const { here } = frame;
  return livePage({
    ...frame,
    title: "Team",
    script: "team.js",
    view: <TeamView store={store} viewer={viewer} here={here} url={url} />,
    data: { team, url, now, viewer, here },
  });
}
