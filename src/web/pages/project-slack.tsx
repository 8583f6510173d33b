/** @jsxImportSource preact */
/** A project's place in Slack: its channel, and how its sessions look there. */
import { projectAddress } from "../parts/title.ts";
import { WishForm } from "../parts/wishes.tsx";
import type { ProjectSettingsPage } from "./project-settings.tsx";

export function Slack({ project, slack, mayDelete: isAdmin }: ProjectSettingsPage) {
  const action = `${projectAddress(project.slug)}/settings`;
  if (!slack) {
    return (
      <section>
        <h2>Slack</h2>
        <p class="dim">
          No workspace is connected. <a href="/app/settings/slack">Slack's settings</a> say how.
        </p>
      </section>
    );
  }
  const { state, name, workspace, isLinked, isShared, problem, wishes } = slack;
  return (
    <section>
      <h2>Slack</h2>
      {state === "wanted" ? (
        <p>
          Its channel in {workspace} is made with the next message, as <b>#{name}</b>.
        </p>
      ) : (
        <p>
          Told in <b>#{name}</b> of {workspace}
          {isLinked ? ", a channel that was there before" : ""}
          {state === "live" ? "." : ` (${state}).`}
        </p>
      )}
      {isShared ? (
        <p>
          The channel is shared with another company: its people read along. They advise only where
          an admin lets all others in.
        </p>
      ) : null}
      {problem ? (
        <p class="problem" role="alert">
          {problem.says} {problem.remedy}
        </p>
      ) : null}
      {isAdmin ? (
        <form method="post" action={action} class="act">
          <input type="hidden" name="act" value="slack-link" />
          <input name="channel" required placeholder="C0123ABCD" aria-label="Another channel" />
          <button type="submit" class="button">
            Use this channel
          </button>
        </form>
      ) : null}
      {isAdmin && state === "paused" ? (
        <form method="post" action={action}>
          <input type="hidden" name="act" value="slack-again" />
          <button type="submit" class="button">
            Try again
          </button>
        </form>
      ) : null}
      {isAdmin && (isLinked || !["live", "wanted"].includes(state)) ? (
        <form method="post" action={action}>
          <input type="hidden" name="act" value="slack-anew" />
          <button type="submit" class="button">
            Make a new channel
          </button>
        </form>
      ) : null}
      <details open={Object.keys(wishes).length > 0}>
        <summary>How its sessions look there</summary>
        <WishForm
          action={action}
          wishes={wishes}
          project={project.slug}
          fallback="as in all projects"
        />
      </details>
    </section>
  );
}
