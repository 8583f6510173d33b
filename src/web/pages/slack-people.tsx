/** @jsxImportSource preact */
/** `/app/settings/slack/people`: how sessions look in Slack, and who its people are here. */
import type { Member } from "../../wire/org.ts";
import type { SlackPerson, SlackWishes } from "../../wire/slack-wishes.ts";
import { WishForm } from "../parts/wishes.tsx";
import { type SettingsPage, settingsPage } from "./settings.tsx";

export interface SlackPeoplePage extends SettingsPage {
  /** null: no workspace is connected. */
  wishes: SlackWishes | null;
  projects: { slug: string; name: string; wishes: SlackWishes }[];
  people: SlackPerson[];
  members: Pick<Member, "participant" | "name">[];
}

const HERE = "/app/settings/slack/people";

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
          <WishForm action={HERE} wishes={wishes} fallback="as the server has it" />
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
                action={HERE}
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
