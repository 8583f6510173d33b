/** @jsxImportSource preact */
/** `/app/settings/slack/people`: how sessions look in Slack, and who its people are here. */
import type { Member } from "../../wire/org.ts";
import {
  ADVISORS,
  LAYOUTS,
  LONG,
  type SlackPerson,
  type SlackWishes,
  VERBOSITIES,
} from "../../wire/slack-wishes.ts";
import { type SettingsPage, settingsPage } from "./settings.tsx";

export interface SlackPeoplePage extends SettingsPage {
  /** null: no workspace is connected. */
  wishes: SlackWishes | null;
  projects: { slug: string; name: string; wishes: SlackWishes }[];
  people: SlackPerson[];
  members: Pick<Member, "participant" | "name">[];
}

const HERE = "/app/settings/slack/people";

/** The words for each choice, in the order in which they are offered. */
const CHOICES: [keyof SlackWishes, label: string, values: readonly string[]][] = [
  ["layout", "Layout", LAYOUTS],
  ["verbosity", "How much is told", VERBOSITIES],
  ["long", "Long messages", LONG],
  ["advice", "Whose words become advice", ADVISORS],
  ["personas", "Names and pictures of who speaks", ["true", "false"]],
];

const ABOUT: Record<string, string> = {
  thread: "one thread for each session",
  feed: "one log of all sessions",
  "session-channel": "a channel for each session",
  all: "every word, and the tools between",
  normal: "prompts and answers",
  quiet: "only what needs somebody",
  off: "nothing",
  snippet: "a preview and a file",
  inline: "in several messages",
  linked: "members of Polaris",
  channel: "everybody of the workspace",
  everybody: "guests and other companies too",
  true: "shown",
  false: "the app's own",
};

/** `off` and `thread` mean something else elsewhere. */
const aboutOf = (key: keyof SlackWishes, value: string): string => {
  if (key === "advice" && value === "off") return "nobody's";
  if (key === "long" && value === "thread") return "a preview, and the rest below it";
  return ABOUT[value] ?? value;
};

export function slackPeoplePage(page: SlackPeoplePage): string {
  const { wishes, projects, people } = page;
  const children = (
    <>
      <p>
        <a href="/app/settings/slack">The workspace and its channels</a>
      </p>
      {wishes ? (
        <section aria-labelledby="all">
          <h2 id="all">In all projects</h2>
          <WishForm wishes={wishes} fallback="as the server has it" />
        </section>
      ) : (
        <p class="dim">No workspace is connected yet.</p>
      )}
      {wishes && projects.length > 0 ? (
        <section aria-labelledby="some">
          <h2 id="some">In one project</h2>
          {projects.map((project) => (
            <details key={project.slug} open={Object.keys(project.wishes).length > 0}>
              <summary>{project.name}</summary>
              <WishForm
                wishes={project.wishes}
                project={project.slug}
                fallback="as in all projects"
              />
            </details>
          ))}
        </section>
      ) : null}
      {people.length > 0 ? <People {...page} /> : null}
    </>
  );
  return settingsPage(page, { tab: "Slack", heading: "Slack: looks and people", children });
}

function WishForm({
  wishes,
  project,
  fallback,
}: {
  wishes: SlackWishes;
  project?: string;
  fallback: string;
}) {
  const prefix = project ?? "all";
  return (
    <form method="post" action={HERE} class="settings-form">
      <input type="hidden" name="act" value="wish" />
      {project ? <input type="hidden" name="project" value={project} /> : null}
      {CHOICES.map(([key, label, values]) => (
        <>
          <label for={`${prefix}-${key}`}>{label}</label>
          <select id={`${prefix}-${key}`} name={key}>
            <option value="">{fallback}</option>
            {values.map((value) => (
              <option key={value} value={value} selected={String(wishes[key]) === value}>
                {aboutOf(key, value)}
              </option>
            ))}
          </select>
        </>
      ))}
      <button type="submit" class="button">
        Keep
      </button>
    </form>
  );
}

function People({ people, members }: SlackPeoplePage) {
  return (
    <section aria-labelledby="people">
      <h2 id="people">People</h2>
      <p class="dim">
        Whoever has the same confirmed address in Slack and here is linked by it. What you choose
        stands over that.
      </p>
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">In Slack</th>
            <th scope="col">Here</th>
            <th scope="col">Act</th>
          </tr>
        </thead>
        <tbody>
          {people.map((person) => (
            <tr key={`${person.team} ${person.slackUser}`}>
              <th scope="row">
                <div>{person.name}</div>
                <div class="dim second">
                  slack:{person.handle}
                  {person.kind === "person" ? "" : `, a ${person.kind}`}
                </div>
              </th>
              <td>
                {person.participant ?? "nobody"}
                {person.linkedBy ? (
                  <div class="dim second">
                    {person.linkedBy === "email" ? "by the address" : "an admin's word"}
                  </div>
                ) : null}
              </td>
              <td>
                <form method="post" action={HERE} class="line">
                  <input type="hidden" name="act" value="link" />
                  <input type="hidden" name="person" value={person.slackUser} />
                  <select name="participant" aria-label={`Who ${person.name} is here`}>
                    <option value="">by the address</option>
                    <option
                      value="nobody"
                      selected={person.linkedBy === "admin" && person.participant === null}
                    >
                      nobody
                    </option>
                    {members.map((member) => (
                      <option
                        key={member.participant}
                        value={member.participant}
                        selected={
                          person.linkedBy === "admin" && person.participant === member.participant
                        }
                      >
                        {member.name}
                      </option>
                    ))}
                  </select>
                  <button type="submit" class="button" aria-label={`Link ${person.name}`}>
                    Link
                  </button>
                </form>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
