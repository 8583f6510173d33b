/** @jsxImportSource preact */
/** `/app/settings/webhooks`: who is told of what happens, and how each telling went. */
import { WEBHOOK_KINDS, type Webhook, type WebhookMessage } from "../../wire/webhook.ts";
import { CopyButton } from "../parts/command.tsx";
import { duration, Time } from "../parts/time.tsx";
import { type SettingsPage, settingsPage } from "./settings.tsx";

export interface WebhooksPage extends SettingsPage {
  webhooks: Webhook[];
  projects: string[];
  /** Whose messages are shown. */
  shown: string | undefined;
  messages: WebhookMessage[];
  now: number;
  made?: { url: string; secret: string } | undefined;
}

const ADDRESS = "/app/settings/webhooks";

export function webhooksPage(page: WebhooksPage): string {
  const { webhooks, made, shown } = page;
  const children = (
    <>
      <p class="dim">
        Each request is signed as standardwebhooks.com says; one that fails is sent again for three
        days.
      </p>
      {made ? (
        <section class="made" aria-label="The new webhook">
          <p>
            <b>{made.url}</b> will be told. Copy its secret now: it is shown only this once.
          </p>
          <div class="command">
            <code>{made.secret}</code>
            <CopyButton text={made.secret} what="secret" />
          </div>
        </section>
      ) : null}
      {webhooks.length > 0 ? <Rows {...page} /> : null}
      {shown ? <Messages {...page} /> : null}
      <NewOne {...page} />
    </>
  );
  return settingsPage(page, { tab: "Webhooks", heading: "Webhooks", children });
}

function Act({
  act,
  id,
  message,
  label,
}: {
  act: string;
  id: string;
  message?: string;
  label: string;
}) {
  return (
    <form method="post" action={ADDRESS} class="act">
      <input type="hidden" name="id" value={id} />
      {message ? <input type="hidden" name="message" value={message} /> : null}
      <button type="submit" class="button" name="act" value={act}>
        {label}
      </button>
    </form>
  );
}

function Rows({ webhooks }: WebhooksPage) {
  return (
    <div class="scrolls">
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">Address</th>
            <th scope="col">Told of</th>
            <th scope="col">Project</th>
            <th scope="col">Act</th>
          </tr>
        </thead>
        <tbody>
          {webhooks.map(({ id, url, kinds, project, disabledAt }) => (
            <tr key={id}>
              <th scope="row" class="address">
                <a href={`${ADDRESS}?of=${id}`}>{url}</a>
                {disabledAt ? <span class="tag">off: its receiver said “gone”</span> : null}
              </th>
              <td>{kinds.includes("*") ? "everything" : kinds.join(", ")}</td>
              <td>{project ?? "all that are open"}</td>
              <td class="acts">
                <Act act="test" id={id} label="Ping" />
                <Act act="remove" id={id} label="Remove" />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Messages({ messages, shown = "", now }: WebhooksPage) {
  if (messages.length === 0) return <p class="dim">Nothing was sent to it yet.</p>;
  return (
    <section class="usage-table">
      <h2>What was sent</h2>
      <div class="scrolls">
        <table class="rows">
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">What</th>
              <th scope="col">How it went</th>
              <th scope="col">Act</th>
            </tr>
          </thead>
          <tbody>
            {messages.map((message) => (
              <tr key={message.id}>
                <th scope="row">
                  <Time at={message.createdAt} now={now} />
                </th>
                <td>{message.kind}</td>
                <td class={message.deliveredAt ? "" : "bad"}>{outcomeOf(message)}</td>
                <td>
                  <Act act="retry" id={shown} message={message.id} label="Send again" />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function outcomeOf({ deliveredAt, status, answer, tries, nextAt, tookMs }: WebhookMessage): string {
  if (tries === 0) return "waits";
  const said = status === null ? (answer ?? "no answer") : `${status}`;
  const took = tookMs === null ? "" : ` in ${duration(tookMs)}`;
  if (deliveredAt) return `delivered, ${said}${took}`;
  const next = nextAt ? `, again ${nextAt.slice(0, 16).replace("T", " ")} UTC` : ", given up";
  return `${said}${took}, try ${tries}${next}`;
}

function NewOne({ projects }: WebhooksPage) {
  return (
    <form method="post" action={ADDRESS} class="settings-form">
      <h2>New webhook</h2>
      <label for="url">Address</label>
      <input
        id="url"
        name="url"
        type="url"
        required
        maxLength={2000}
        placeholder="https://example.com/hooks/polaris"
      />
      <label for="project">Of the project</label>
      <select id="project" name="project">
        <option value="">all that are open to the organisation</option>
        {projects.map((slug) => (
          <option key={slug} value={slug}>
            {slug}
          </option>
        ))}
      </select>
      <fieldset>
        <legend>It is told of</legend>
        {WEBHOOK_KINDS.map((kind) => (
          <label key={kind} class="choice">
            <input
              type="checkbox"
              name="kind"
              value={kind}
              defaultChecked={kind === "session.needs_human"}
            />{" "}
            {kind === "*" ? "everything" : kind}
          </label>
        ))}
      </fieldset>
      <button type="submit" class="button button-main wide">
        Make the webhook
      </button>
    </form>
  );
}
