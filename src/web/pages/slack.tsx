/** @jsxImportSource preact */
/** `/app/settings/slack`: from no app to a connected workspace in three steps, and what is wrong when something is. */
import type { SlackCheck, SlackProblem, SlackStatus } from "../../wire/slack.ts";
import { CopyButton } from "../parts/command.tsx";
import { Time } from "../parts/time.tsx";
import { nameOf } from "../parts/who.tsx";
import { type SettingsPage, settingsPage } from "./settings.tsx";

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
      {status.workspace ? <Workspace {...page} /> : <Steps {...page} />}
      {checks ? <Checks checks={checks} /> : null}
      {status.channels.length > 0 ? <Channels {...page} /> : null}
      {status.workspace && mayChange ? (
        <details>
          <summary>The Slack app</summary>
          <AppForm {...page} />
        </details>
      ) : null}
    </>
  );
  return settingsPage(page, { tab: "Slack", heading: "Slack", children });
}

function Act({ act, label, ...fields }: { act: string; label: string; [field: string]: string }) {
  return (
    <form method="post" action="/app/settings/slack" class="act">
      <input type="hidden" name="act" value={act} />
      {Object.entries(fields).map(([name, value]) => (
        <input type="hidden" name={name} value={value} key={name} />
      ))}
      <button type="submit" class="button">
        {label}
      </button>
    </form>
  );
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
  return (
    <section aria-labelledby="workspace">
      <h2 id="workspace">{workspace.name}</h2>
      <Problem problem={workspace.problem} />
      {workspace.isServed || workspace.state === "paused" ? null : (
        <p class="problem" role="alert">
          No bridge is at work for this workspace. Run polaris bridge, or polaris serve without
          --no-bridge; with an app-level token it begins by itself.
        </p>
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

function Steps({ status, mayChange }: SlackPage) {
  const { app, createLink } = status;
  if (!mayChange) return <p>No workspace is connected yet. An admin can connect one.</p>;
  return (
    <>
      <p>Follow your team's sessions in Slack, and answer them there.</p>
      <section aria-labelledby="make">
        <h2 id="make">1. The app {app ? <span class="tag">done</span> : null}</h2>
        {app ? (
          <p class="dim">
            {app.isOwn ? "Your organisation's own app" : "This server's app"}, client id{" "}
            {app.clientId}.
          </p>
        ) : (
          <>
            <p>
              <a class="button" href={createLink} target="_blank" rel="noreferrer">
                Create the Slack app
              </a>
            </p>
            <p class="dim">
              Slack's page opens with everything filled in: choose your workspace, press Create. To
              connect more than one workspace, switch on Manage Distribution there.
            </p>
          </>
        )}
        {app ? null : <AppForm status={status} />}
      </section>
      {app && !app.hasAppToken ? <TokenStep isOwn={app.isOwn} /> : null}
      {app ? (
        <section aria-labelledby="connect">
          <h2 id="connect">{app.hasAppToken ? "2" : "3"}. Connect</h2>
          <p>
            <a class="button primary" href="/slack/connect">
              Connect Slack
            </a>
          </p>
        </section>
      ) : null}
    </>
  );
}

function TokenStep({ isOwn }: { isOwn: boolean }) {
  return (
    <section aria-labelledby="token">
      <h2 id="token">2. Its token</h2>
      <p class="dim">
        At api.slack.com: Basic Information, App-Level Tokens, Generate with connections:write.
      </p>
      {isOwn ? (
        <form method="post" action="/app/settings/slack" class="line">
          <input type="hidden" name="act" value="app-token" />
          <label>
            App-level token
            <input name="appToken" required placeholder="xapp-…" autocomplete="off" />
          </label>
          <button type="submit" class="button">
            Keep
          </button>
        </form>
      ) : (
        <p>Set it as SLACK_APP_TOKEN of this server.</p>
      )}
    </section>
  );
}

function AppForm({ status }: Pick<SlackPage, "status">) {
  return (
    <>
      <p class="dim">From its page Basic Information:</p>
      <form method="post" action="/app/settings/slack" class="line">
        <input type="hidden" name="act" value="app" />
        <label>
          Client id
          <input name="clientId" required autocomplete="off" />
        </label>
        <label>
          Client secret
          <input name="clientSecret" type="password" required autocomplete="off" />
        </label>
        <label>
          App-level token
          <input name="appToken" placeholder="xapp-…" autocomplete="off" />
        </label>
        <button type="submit" class="button">
          Keep
        </button>
      </form>
      <details>
        <summary>Or let Polaris create it</summary>
        <form method="post" action="/app/settings/slack" class="line">
          <input type="hidden" name="act" value="manifest" />
          <label>
            Configuration token
            <input name="token" required placeholder="xoxe.xoxp-…" autocomplete="off" />
          </label>
          <button type="submit" class="button">
            Create
          </button>
        </form>
        <p class="dim">From api.slack.com/apps, Your App Configuration Tokens; it is not kept.</p>
      </details>
      <p class="dim">Slack sends people back to:</p>
      <div class="command">
        <code>{status.redirectUri}</code>
        <CopyButton text={status.redirectUri} what="address" />
      </div>
    </>
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
              <td>{ok ? "ok" : "missing"}</td>
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
          {status.channels.map(({ project, name, state, problem }) => (
            <tr key={project}>
              <th scope="row">{project}</th>
              <td>{state === "wanted" ? "with the next message" : `#${name}`}</td>
              <td>
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
