/** @jsxImportSource preact */
import type { Agent } from "../../../wire/agent.ts";
import type { Project } from "../../../wire/session.ts";
import { type Here, TopBar } from "../../parts/bar.tsx";
import { Command } from "../../parts/command.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Tags } from "../../parts/tags.tsx";
import { count } from "../../parts/time.tsx";
import { projectAddress } from "../../parts/title.ts";
import { Who } from "../../parts/who.tsx";
import { TeamProvider } from "./desk.ts";
import type { TeamStore } from "./store.ts";
import { Troubles } from "./trouble.tsx";
import { Groups, Live } from "./view.tsx";

export interface ProjectViewProps {
  store: TeamStore;
  project: Project;
  /** The agents at home in it. */
  home: Agent[];
  /** Cursor of the next page of sessions, null at the end. */
  next: string | null;
  viewer: string;
  here?: Here | undefined;
}

/** A project's sessions, those that need a human first. */
export function ProjectView({ store, project, home, next, viewer, here }: ProjectViewProps) {
  const address = projectAddress(project.slug);
  return (
    <TeamProvider value={store}>
      <TopBar
        path={[
          ["projects", "/app/projects"],
          [project.slug, address],
        ]}
        viewer={viewer}
        here={here}
      >
        <Live />
      </TopBar>
      <main class="list-page" id="conversation">
        <header class="project-head">
          <div>
            <h1>
              {project.name}
              {project.visibility === "private" ? (
                <span class="tag">
                  <Icon name="lock" /> private
                </span>
              ) : null}
              <Tags tags={project.tags} />
            </h1>
            <p class="dim">
              {count(project.sessions)} {project.sessions === 1 ? "session" : "sessions"} ·{" "}
              {count(project.lastSeq)} {project.lastSeq === 1 ? "event" : "events"}
            </p>
            {home.length > 0 ? (
              <p class="dim at-home">
                Agents at home here:{" "}
                {home.map((agent) => (
                  <Who key={agent.name} who={agent.participant} face={agent} />
                ))}
              </p>
            ) : null}
          </div>
          <a class="button" href={`${address}/settings`}>
            <Icon name="settings" /> Settings
          </a>
        </header>
        <Troubles />
        <Groups placed={false} empty={<Empty slug={project.slug} />} />
        {next ? (
          <p class="earlier">
            <a class="button" href={`?cursor=${encodeURIComponent(next)}`}>
              Earlier sessions
            </a>
          </p>
        ) : null}
      </main>
    </TeamProvider>
  );
}

function Empty({ slug }: { slug: string }) {
  return (
    <section class="empty">
      <h2>No sessions yet</h2>
      <p>Run this in the repository; the next agent session there appears here.</p>
      <Command text={`polaris link ${slug}`} />
      <p>Or, inside a running Claude Code session:</p>
      <Command text={`/polaris join ${slug}`} />
    </section>
  );
}
