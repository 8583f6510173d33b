/** @jsxImportSource preact */
/** `/app/settings/slack`: from no app to a connected workspace in three steps, and what is wrong when something is. */
import type { SlackCheck, SlackProblem, SlackStatus } from "../../wire/slack.ts";
import { Time } from "../parts/time.tsx";
import { nameOf } from "../parts/who.tsx";
import { type SettingsPage, settingsPage } from "./settings.tsx";
import { Act, AppForm, Steps, TokenForm } from "./slack-app.tsx";

export interface SlackPage extends SettingsPage {
  status: SlackStatus;
  mayChange: boolean;
  checks?: SlackCheck[] | undefined;
  now: number;
}

export function slackPage(page: SlackPage): string {
  const { status, mayChange, checks } = page;
  const children = (
    <>
      {checks ? <Checks checks={checks} /> : null}
      {status.workspace ? <Workspace {...page} /> : <Steps {...page} />}
      {status.channels.length > 0 ? <Channels {...page} /> : null}
      {status.workspace && mayChange ? (
        <details>
          <summary>The Slack app</summary>
          {status.app?.isOwn ? <TokenForm /> : null}
          <AppForm {...page} />
        </details>
      ) : null}
    </>
  );
  return settingsPage(page, { tab: "Slack", heading: "Slack", children });
}

function Problem({ problem }: { problem: SlackProblem | null }) {
  if (!problem) return null;
  return (
    <p class="problem" role="alert">
      {problem.says} {problem.detail ? `Missing: ${problem.detail}. ` : null}
      {problem.remedy}
    </p>
  );
}

function Workspace({ status, mayChange, now }: SlackPage) {
  const { workspace, outbox } = status;
  if (!workspace) return null;
  // A bridge takes it up within three seconds, one that was killed within ten.
  const isNew = now - Date.parse(workspace.connectedAt) < 15_000;
  return (
    <section aria-labelledby="workspace">
      <h2 id="workspace">{workspace.name}</h2>
      <Problem problem={workspace.problem} />
      <Problem problem={workspace.deaf} />
      {workspace.isServed || workspace.problem ? null : (
        <Unserved hasToken={status.app?.hasAppToken === true} isNew={isNew} />
      )}
      <p class="dim">
        Connected by {nameOf(workspace.connectedBy)} <Time at={workspace.connectedAt} now={now} />.
        Every project gets a channel with its first recorded session, and posts carry the name and
        picture of the person they come from. {outbox.waiting} waiting to be posted
        {outbox.dropped > 0 ? `, ${outbox.dropped} given up in the last week` : ""}.
      </p>
      {mayChange ? (
        <div class="acts">
          <a class="button" href="/slack/connect">
            Reconnect
          </a>
          <a class="button" href="/app/settings/slack/people">
            Looks and people
          </a>
          <Act act="test" label="Run the self-test" />
          <Act act="disconnect" label="Disconnect" />
        </div>
      ) : null}
    </section>
  );
}

function Unserved({ hasToken, isNew }: { hasToken: boolean; isNew: boolean }) {
  if (hasToken && isNew) return <p role="status">Polaris begins its work in this workspace now.</p>;
  return (
    <p class="problem" role="alert">
      {hasToken
        ? "No bridge is at work for this workspace. Run polaris bridge, or polaris serve without --no-bridge."
        : "Nothing comes from Slack and nothing goes there yet: the app-level token is missing."}
    </p>
  );
}

function Checks({ checks }: { checks: SlackCheck[] }) {
  const bad = checks.filter(({ ok }) => !ok);
  return (
    <section aria-labelledby="checks">
      <h2 id="checks">{bad.length === 0 ? "Everything is right" : `${bad.length} to mend`}</h2>
      <table class="rows">
        <tbody>
          {checks.map(({ name, ok, says }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{ok ? "ok" : "to mend"}</td>
              <td>{says}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Channels({ status, mayChange }: SlackPage) {
  return (
    <section aria-labelledby="channels">
      <h2 id="channels">Channels</h2>
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">Project</th>
            <th scope="col">Channel</th>
            <th scope="col">State</th>
            {mayChange ? <th scope="col">Change</th> : null}
          </tr>
        </thead>
        <tbody>
          {status.channels.map(({ project, name, state, isShared, problem }) => (
            <tr key={project}>
              <th scope="row">{project}</th>
              <td>
                {state === "wanted" ? "with the next message" : `#${name}`}
                {isShared ? <span class="tag">shared with another company</span> : null}
              </td>
              <td class="wrap">
                {state}
                <Problem problem={problem} />
              </td>
              {mayChange ? (
                <td class="acts">
                  <form method="post" action="/app/settings/slack" class="act">
                    <input type="hidden" name="act" value="link" />
                    <input type="hidden" name="project" value={project} />
                    <input
                      name="channel"
                      required
                      placeholder="C0123ABCD"
                      aria-label={`Channel of ${project}`}
                    />
                    <button type="submit" class="button">
                      Link
                    </button>
                  </form>
                  {state === "paused" ? (
                    <Act act="again" label="Try again" project={project} />
                  ) : null}
                  {state === "live" || state === "wanted" ? null : (
                    <Act act="anew" label="New channel" project={project} />
                  )}
                </td>
              ) : null}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
