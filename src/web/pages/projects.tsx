/** @jsxImportSource preact */
/** `/app/projects`: every project one may see, and the form that makes one. */
import type { Project } from "../../wire/session.ts";
import { TopBar } from "../parts/bar.tsx";
import { Command } from "../parts/command.tsx";
import { Icon } from "../parts/icon.tsx";
import { Tags } from "../parts/tags.tsx";
import { count, Time } from "../parts/time.tsx";
import { projectAddress } from "../parts/title.ts";
import { document, type Frame } from "./shell.tsx";

export interface ProjectsPage extends Frame {
  projects: Project[];
  /** Cursor of the next page, null at the end. */
  next?: string | null;
  /** Only those with this tag. */
  tag?: string | undefined;
  /** Those that were put aside. */
  archived?: boolean | undefined;
  /** Where machines find this server. */
  url: string;
  now: number;
  viewer: string | null;
  problem?: string | undefined;
}

export function projectsPage(page: ProjectsPage): string {
  const { projects, next, tag, archived, url, now, viewer, problem, ...frame } = page;
  const isFiltered = archived || tag !== undefined;
  return document({
    ...frame,
    title: "Projects · Polaris",
    script: "page.js",
    body: (
      <>
        <TopBar path={[["projects", "/app/projects"]]} viewer={viewer} here={frame.here} />
        <main class="list-page settings" id="conversation">
          <header class="project-head">
            <h1>
              {archived ? "Archived projects" : "Projects"}
              {tag === undefined ? null : <span class="tag">{tag}</span>}
            </h1>
            {isFiltered ? (
              <a class="button" href="/app/projects">
                <Icon name="close" /> All projects
              </a>
            ) : (
              <Make isOpen={problem !== undefined} />
            )}
          </header>
          {problem ? (
            <p class="problem" role="alert">
              {problem}
            </p>
          ) : null}
          {projects.length ? (
            <Rows projects={projects} now={now} />
          ) : isFiltered ? (
            <p class="empty">There is none.</p>
          ) : (
            <Empty url={url} />
          )}
          {next ? (
            <p class="earlier">
              <a
                class="button"
                href={`?${new URLSearchParams({ ...(tag ? { tag } : {}), cursor: next })}`}
              >
                More projects
              </a>
            </p>
          ) : null}
          {isFiltered ? null : (
            <p class="foot">
              <a href="/app/projects?archived=true">Archived projects</a>
            </p>
          )}
        </main>
      </>
    ),
  });
}

/** A plain form in a fold, so that it opens and works without scripts. */
function Make({ isOpen }: { isOpen: boolean }) {
  return (
    <details class="menu" open={isOpen}>
      <summary class="button">
        <Icon name="plus" /> New project
      </summary>
      <form method="post" action="/app/projects" class="menu-sheet make">
        <label for="slug">Its name in addresses and commands</label>
        <input
          id="slug"
          name="slug"
          required
          maxLength={64}
          pattern="[a-z0-9][a-z0-9._\-]*"
          placeholder="checkout"
        />
        <label for="name">Its name for people, if another</label>
        <input id="name" name="name" maxLength={200} placeholder="Checkout" />
        <label for="visibility">Who sees it</label>
        <select id="visibility" name="visibility">
          <option value="org">Everybody in the organisation</option>
          <option value="private">Its members only</option>
        </select>
        <button type="submit" class="button button-main">
          Make it
        </button>
      </form>
    </details>
  );
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
            <th scope="row" class="grow-name">
              <a
                class="row-link"
                href={`${projectAddress(project.slug)}${project.archivedAt ? "/settings" : ""}`}
              >
                {project.slug}
              </a>
              {project.name === project.slug ? null : <span class="dim"> {project.name}</span>}
              {project.visibility === "private" ? (
                <span class="tag">
                  <Icon name="lock" /> private
                </span>
              ) : null}
              <Tags tags={project.tags} />
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
