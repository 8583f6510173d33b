/** @jsxImportSource preact */
/** `/app/p/:project`: its sessions, those that need a human first. */
import type { Project, Session } from "../../wire/session.ts";
import { titleOf } from "../client/view.tsx";
import { TopBar } from "../parts/bar.tsx";
import { Command } from "../parts/command.tsx";
import { StateMark } from "../parts/state.tsx";
import { count, Time } from "../parts/time.tsx";
import { nameOf } from "../parts/who.tsx";
import { document, type Frame } from "./shell.tsx";

export interface ProjectPage extends Frame {
  project: Project;
  sessions: Session[];
  /** Cursor of the next page of sessions, null at the end. */
  next: string | null;
  now: number;
  viewer: string | null;
}

export function projectPage({
  project,
  sessions,
  next,
  now,
  viewer,
  ...frame
}: ProjectPage): string {
  const rows = sessions.toSorted(
    (a, b) => Number(b.state === "needs_human") - Number(a.state === "needs_human"),
  );
  return document({
    ...frame,
    title: `${project.slug} · Polaris`,
    script: "page.js",
    body: (
      <>
        <TopBar
          path={[[project.slug, `/app/p/${encodeURIComponent(project.slug)}`]]}
          viewer={viewer}
          here={frame.here}
        />
        <main class="list-page" id="conversation">
          <h1>{project.name}</h1>
          {rows.length ? <Rows sessions={rows} now={now} /> : <Empty project={project} />}
          {next ? (
            <p class="earlier">
              <a class="button" href={`?cursor=${encodeURIComponent(next)}`}>
                Earlier sessions
              </a>
            </p>
          ) : null}
        </main>
      </>
    ),
  });
}

function Rows({ sessions, now }: { sessions: Session[]; now: number }) {
  return (
    <table class="rows">
      <thead>
        <tr>
          <th scope="col">State</th>
          <th scope="col">Session</th>
          <th scope="col">Who</th>
          <th scope="col" class="number">
            Prompts
          </th>
          <th scope="col">Last activity</th>
        </tr>
      </thead>
      <tbody>
        {sessions.map((session) => (
          <tr key={session.id}>
            <td>
              <StateMark state={session.state} />
            </td>
            <th scope="row" class="grow">
              <a class="row-link" href={addressOf(session)}>
                {titleOf(session)}
              </a>
              <span class="dim second">
                {session.name}
                {session.branch ? ` · ${session.branch}` : ""}
                {session.lastPrompt && titleOf(session) !== session.lastPrompt
                  ? ` · ${session.lastPrompt}`
                  : ""}
              </span>
            </th>
            <td>
              {session.driver ? nameOf(session.driver) : "open seat"} → {nameOf(session.agent)}
            </td>
            <td class="number" data-name="prompts">
              {count(session.prompts)}
            </td>
            <td>{session.lastEventAt ? <Time at={session.lastEventAt} now={now} /> : "never"}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const addressOf = ({ project, name }: Session): string =>
  `/app/p/${encodeURIComponent(project)}/s/${encodeURIComponent(name)}`;

function Empty({ project }: { project: Project }) {
  return (
    <section class="empty">
      <h2>No sessions yet</h2>
      <p>Run this in the repository; the next agent session there appears here.</p>
      <Command text={`polaris link ${project.slug}`} />
      <p>Or, inside a running Claude Code session:</p>
      <Command text={`/polaris join ${project.slug}`} />
    </section>
  );
}
