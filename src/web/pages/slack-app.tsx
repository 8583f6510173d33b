/** @jsxImportSource preact */
/** The Slack app of an organisation: made, entered, changed; part of `/app/settings/slack`. */
import type { SlackStatus } from "../../wire/slack.ts";
import { CopyButton } from "../parts/command.tsx";

interface Props {
  status: SlackStatus;
  mayChange: boolean;
}

/** A press that asks the page for something. */
export function Act({
  act,
  label,
  ...fields
}: {
  act: string;
  label: string;
  [field: string]: string;
}) {
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

/** From no app to a connected workspace: all three steps stand there from the beginning. */
export function Steps({ status, mayChange }: Props) {
  const { app } = status;
  if (!mayChange) return <p>No workspace is connected yet. An admin can connect one.</p>;
  return (
    <>
      <p>Follow your team's sessions in Slack, and answer them there.</p>
      <section aria-labelledby="make">
        <h2 id="make">1. The app {app ? <span class="tag">done</span> : null}</h2>
        {app ? <Made status={status} /> : <Make status={status} />}
      </section>
      <TokenStep app={app} />
      <section aria-labelledby="connect">
        <h2 id="connect">3. Connect</h2>
        {app?.hasAppToken ? (
          <p>
            <a class="button primary" href="/slack/connect">
              Connect Slack
            </a>
          </p>
        ) : (
          <p class="dim">
            Slack asks whether Polaris may come into your workspace; then each project gets a
            channel with its next session.
          </p>
        )}
      </section>
    </>
  );
}

function Make({ status }: Pick<Props, "status">) {
  return (
    <>
      <p>
        <a class="button" href={status.createLink} target="_blank" rel="noreferrer">
          Create the Slack app
        </a>
      </p>
      <p class="dim">
        Slack's page opens with everything filled in: choose your workspace, press Create. (To
        connect more than one workspace, switch on Manage Distribution there.)
      </p>
      <AppForm status={status} />
    </>
  );
}

function Made({ status }: Pick<Props, "status">) {
  const { app } = status;
  return (
    <>
      <p class="dim">
        {app?.isOwn ? "Your organisation's own app" : "This server's app"}, client id{" "}
        {app?.clientId}.
      </p>
      <Act act="test" label="Run the self-test" />
      <details>
        <summary>Change the app</summary>
        {app?.isOwn && app.hasAppToken ? <TokenForm /> : null}
        <Make status={status} />
      </details>
    </>
  );
}

function TokenStep({ app }: Pick<SlackStatus, "app">) {
  return (
    <section aria-labelledby="token">
      <h2 id="token">2. Its token {app?.hasAppToken ? <span class="tag">done</span> : null}</h2>
      {app?.hasAppToken ? null : (
        <p class="dim">
          Over it Slack tells Polaris what people write. On the app's page at{" "}
          <a href="https://api.slack.com/apps" target="_blank" rel="noreferrer">
            api.slack.com/apps
          </a>
          : Basic Information, App-Level Tokens, Generate Token and Scopes, with the scope
          connections:write.
        </p>
      )}
      {app && !app.hasAppToken ? <TokenOrSetting isOwn={app.isOwn} /> : null}
    </section>
  );
}

const TokenOrSetting = ({ isOwn }: { isOwn: boolean }) =>
  isOwn ? <TokenForm /> : <p>Set it as SLACK_APP_TOKEN of this server.</p>;

export function TokenForm() {
  return (
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
  );
}

export function AppForm({ status }: Pick<Props, "status">) {
  return (
    <>
      <p class="dim">Then copy from its page Basic Information:</p>
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
      <p class="dim">Where Slack sends people back to (the link has filled it in):</p>
      <div class="command">
        <code>{status.redirectUri}</code>
        <CopyButton text={status.redirectUri} what="address" />
      </div>
    </>
  );
}
