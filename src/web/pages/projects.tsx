/** @jsxImportSource preact */
/** `/app/projects`: every project one may see. */
import type { Project } from "../../wire/session.ts";
import { TopBar } from "../parts/bar.tsx";
import { Command } from "../parts/command.tsx";
import { count, Time } from "../parts/time.tsx";
import { document, type Frame } from "./shell.tsx";

export interface ProjectsPage extends Frame {
  projects: Project[];
  /** Where machines find this server. */
  url: string;
  now: number;
  viewer: string | null;
}

export function projectsPage({ projects, url, now, viewer, ...frame }: ProjectsPage): string {
  return document({
    ...frame,
    title: "Projects · Polaris",
    script: "page.js",
    body: (
      <>
        <TopBar path={[["projects", "/app/projects"]]} viewer={viewer} here={frame.here} />
        <main class="list-page" id="conversation">
          <h1>Projects</h1>
          {projects.length ? <Rows projects={projects} now={now} /> : <Empty url={url} />}
        </main>
      </>
    ),
  });
}

function Rows({ projects, now }: { projects: Project[]; now: number }) {
  return (
    <table class="rows">
      <thead>
        <tr>
          <th scope="col">Project</th>
          <th scope="col" class="number">
            Sessions
          </th>
          <th scope="col" class="number">
            Events
          </th>
          <th scope="col">Last activity</th>
        </tr>
      </thead>
      <tbody>
        {projects.map((project) => (
          <tr key={project.id}>
            <th scope="row">
              <a class="row-link" href={`/app/p/${encodeURIComponent(project.slug)}`}>
                {project.slug}
              </a>
              {project.name === project.slug ? null : <span class="dim"> {project.name}</span>}
              {project.visibility === "private" ? <span class="tag">private</span> : null}
            </th>
            <td class="number" data-name="sessions">
              {count(project.sessions)}
            </td>
            <td class="number" data-name="events">
              {count(project.lastSeq)}
            </td>
            <td>{project.lastEventAt ? <Time at={project.lastEventAt} now={now} /> : "never"}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Empty({ url }: { url: string }) {
  return (
    <section class="empty">
      <h2>No projects yet</h2>
      <p>On the computer where your agents run: sign it in, add Polaris to Claude Code, record.</p>
      <Command text={`polaris login --url ${url}`} />
      <Command text="polaris install" />
      <Command text="polaris daemon" />
      <p>Then, in a repository: every new agent session there is recorded into the project.</p>
      <Command text="polaris link my-project" />
      <p>
        Not alone? <a href="/app/settings/members">See who is here, and invite others</a>.
      </p>
    </section>
  );
}
