/** @jsxImportSource preact */
/** `/app/p/:project/settings`: what a project is called, who sees and advises it, where it is told, how long it is kept, its end. */
import type { Loss } from "../../core/removal.ts";
import type { Member } from "../../wire/org.ts";
import type { Removed } from "../../wire/removal.ts";
import {
  ADVICE,
  type AdviceSetting,
  type Project,
  type ProjectMember,
} from "../../wire/session.ts";
import type { SlackPlace } from "../../wire/slack.ts";
import { TopBar } from "../parts/bar.tsx";
import { count } from "../parts/time.tsx";
import { projectAddress } from "../parts/title.ts";
import { nameOf } from "../parts/who.tsx";
import { Retention } from "./project-retention.tsx";
import { Slack } from "./project-slack.tsx";
import { document, type Frame } from "./shell.tsx";

export interface ProjectSettingsPage extends Frame {
  project: Project;
  members: ProjectMember[];
  /** Everybody here, to choose from. */
  people: Member[];
  loss: Loss;
  /** What a term that was asked about would take away now. */
  older?: { days: number; would: Removed } | undefined;
  /** null: no workspace is connected. */
  slack: SlackPlace | null;
  viewer: string;
  mayManage: boolean;
  mayDelete: boolean;
  problem?: string | undefined;
}

export function projectSettingsPage(page: ProjectSettingsPage): string {
  const { project, viewer, mayManage, mayDelete, problem, here } = page;
  const address = projectAddress(project.slug);
  return document({
    ...page,
    title: `Settings · ${project.slug} · Polaris`,
    script: "page.js",
    body: (
      <>
        <TopBar
          path={[
            ["projects", "/app/projects"],
            [project.slug, address],
            ["settings", `${address}/settings`],
          ]}
          viewer={viewer}
          here={here}
        />
        <main class="list-page settings" id="conversation">
          <h1>{project.name}</h1>
          {problem ? (
            <p class="problem" role="alert">
              {problem}
            </p>
          ) : null}
          {mayManage ? null : (
            <p class="dim">Only this project's members, owners and admins change these.</p>
          )}
          <fieldset class="bare" disabled={!mayManage}>
            <About project={project} />
            <Access {...page} />
            <Advice project={project} />
            <Pulls project={project} />
            <Slack {...page} />
            <Retention {...page} />
            <Archive project={project} />
          </fieldset>
          {mayDelete ? <Delete {...page} /> : null}
        </main>
      </>
    ),
  });
}

const to = ({ slug }: Project) => `${projectAddress(slug)}/settings`;

function About({ project }: { project: Project }) {
  return (
    <section>
      <h2>Name and tags</h2>
      <form method="post" action={to(project)} class="settings-form">
        <input type="hidden" name="act" value="change" />
        <label for="name">Name</label>
        <input id="name" name="name" value={project.name} required maxLength={200} />
        <p class="dim">
          Machines and addresses go on calling it <code>{project.slug}</code>.
        </p>
        <label for="tags">Tags</label>
        <input
          id="tags"
          name="tags"
          value={project.tags.join(", ")}
          maxLength={700}
          placeholder="payments, web"
        />
        <button type="submit" class="button button-main">
          Save
        </button>
      </form>
    </section>
  );
}

function Access({ project, members, people }: ProjectSettingsPage) {
  const inside = new Set(members.map(({ participant }) => participant));
  const others = people.filter(({ participant }) => !inside.has(participant));
  return (
    <section>
      <h2>Who sees it</h2>
      <form method="post" action={to(project)} class="act">
        <input type="hidden" name="act" value="change" />
        <select name="visibility" aria-label="Who sees it">
          <option value="org" selected={project.visibility === "org"}>
            Everybody in the organisation
          </option>
          <option value="private" selected={project.visibility === "private"}>
            Its members only
          </option>
        </select>
        <button type="submit" class="button">
          Change
        </button>
      </form>
      <p class="dim">
        Owners and admins can open a private project too; each time is written into the audit.
      </p>
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">Member</th>
            <th scope="col">Since</th>
            <th scope="col">Act</th>
          </tr>
        </thead>
        <tbody>
          {members.map(({ participant, name, addedBy, addedAt }) => (
            <tr key={participant}>
              <th scope="row">
                {name} <span class="dim">{nameOf(participant)}</span>
              </th>
              <td class="dim">
                {addedAt.slice(0, 10)}, by {nameOf(addedBy)}
              </td>
              <td>
                <form method="post" action={to(project)}>
                  <input type="hidden" name="act" value="remove" />
                  <input type="hidden" name="participant" value={participant} />
                  <button type="submit" class="button" aria-label={`Remove ${name}`}>
                    Remove
                  </button>
                </form>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {others.length ? (
        <form method="post" action={to(project)} class="act">
          <input type="hidden" name="act" value="add" />
          <select name="participant" aria-label="Whom to add">
            {others.map(({ participant, name }) => (
              <option key={participant} value={participant}>
                {name} ({nameOf(participant)})
              </option>
            ))}
          </select>
          <button type="submit" class="button">
            Add
          </button>
        </form>
      ) : null}
    </section>
  );
}

const ADVISE: Record<AdviceSetting, string> = {
  members: "Everybody who sees it",
  linked: "Its members, and who drives the session",
  off: "Nobody",
};

function Advice({ project }: { project: Project }) {
  return (
    <section>
      <h2>Who may advise its sessions</h2>
      <form method="post" action={to(project)} class="act">
        <input type="hidden" name="act" value="change" />
        <select name="advice" aria-label="Who may advise">
          {ADVICE.map((each) => (
            <option key={each} value={each} selected={each === project.advice}>
              {ADVISE[each]}
            </option>
          ))}
        </select>
        <button type="submit" class="button">
          Change
        </button>
      </form>
      <p class="dim">
        Viewers never may. Whose words in Slack count is said below; a driver can mute their own
        session.
      </p>
    </section>
  );
}

function Pulls({ project }: { project: Project }) {
  const { pullRequests } = project;
  return (
    <section>
      <h2>Pull requests</h2>
      <p>
        {pullRequests ? (
          <>
            <code>polaris pr</code> may tell a pull request of the sessions behind it: goal,
            prompts, files, cost.
          </>
        ) : (
          "Pull requests are told nothing of this project's sessions."
        )}
      </p>
      <form method="post" action={to(project)}>
        <input type="hidden" name="act" value="change" />
        <input type="hidden" name="pullRequests" value={pullRequests ? "false" : "true"} />
        <button type="submit" class="button">
          {pullRequests ? "Tell them no more" : "Tell them"}
        </button>
      </form>
    </section>
  );
}

function Archive({ project }: { project: Project }) {
  const { archivedAt } = project;
  return (
    <section>
      <h2>{archivedAt ? "Archived" : "Archive"}</h2>
      <p>
        {archivedAt
          ? `Put aside on ${archivedAt.slice(0, 10)}. Taken back, it is read and recorded into as before.`
          : "Puts it aside: it leaves all lists and takes no events; machines keep theirs and send them when it is taken back."}
      </p>
      <form method="post" action={to(project)}>
        <input type="hidden" name="act" value="change" />
        <input type="hidden" name="archived" value={archivedAt ? "false" : "true"} />
        <button type="submit" class="button">
          {archivedAt ? "Take back" : "Archive"}
        </button>
      </form>
    </section>
  );
}

function Delete({ project, loss }: ProjectSettingsPage) {
  const { sessions, prompts, events, members, since } = loss;
  const size = [
    `${count(sessions)} ${sessions === 1 ? "session" : "sessions"}`,
    `${count(prompts)} ${prompts === 1 ? "prompt" : "prompts"}`,
    `${count(events)} ${events === 1 ? "event" : "events"}`,
    `${count(members)} ${members === 1 ? "membership" : "memberships"}`,
  ].join(", ");
  return (
    <section class="danger">
      <h2>Delete</h2>
      <p>
        This takes away <b>{size}</b>
        {since ? `, recorded since ${since.slice(0, 10)}` : ""}, with everything made of them. There
        is no way back.
      </p>
      <form method="post" action={to(project)} class="act">
        <input type="hidden" name="act" value="delete" />
        <label for="confirm">
          Type <code>{project.slug}</code>
        </label>
        <input id="confirm" name="confirm" required autocomplete="off" maxLength={64} />
        <button type="submit" class="button button-bad">
          Delete for ever
        </button>
      </form>
    </section>
  );
}
