/** @jsxImportSource preact */
/** `/app/settings/tokens`: tokens for scripts and agents. A secret is shown once, right after it was made. */
import type { ApiToken } from "../../core/api-tokens.ts";
import { CopyButton } from "../parts/command.tsx";
import { Time } from "../parts/time.tsx";
import { nameOf } from "../parts/who.tsx";
import { type SettingsPage, settingsPage } from "./settings.tsx";

export interface TokensPage extends SettingsPage {
  tokens: ApiToken[];
  /** What the viewer may give. */
  scopes: readonly string[];
  now: number;
  made?: { name: string; secret: string };
}

const ABOUT: Record<string, string> = {
  read: "read projects and sessions",
  ingest: "record sessions",
  inject: "advise running sessions",
  admin: "manage people, devices and tokens",
};

export function tokensPage(page: TokensPage): string {
  const { tokens, scopes, now, made } = page;
  const children = (
    <>
      <p class="dim">
        For scripts and agents. People and their machines sign in instead: polaris login.
      </p>
      {made ? (
        <section class="made" aria-label="The new token">
          <p>
            <b>{made.name}</b> is made. Copy it now: it is shown only this once.
          </p>
          <div class="command">
            <code>{made.secret}</code>
            <CopyButton text={made.secret} what="token" />
          </div>
        </section>
      ) : null}
      {tokens.length > 0 ? <Rows tokens={tokens} now={now} /> : null}
      <NewToken scopes={scopes} />
    </>
  );
  return settingsPage(page, { tab: "Tokens", heading: "Tokens", children });
}

function Rows({ tokens, now }: { tokens: ApiToken[]; now: number }) {
  return (
    <table class="rows">
      <thead>
        <tr>
          <th scope="col">Token</th>
          <th scope="col">Speaks as</th>
          <th scope="col">May</th>
          <th scope="col">Last used</th>
          <th scope="col">Ends</th>
          <th scope="col">Act</th>
        </tr>
      </thead>
      <tbody>
        {tokens.map((token) => (
          <tr key={token.id}>
            <th scope="row">
              <div>{token.name}</div>
              <div class="dim second">made by {nameOf(token.createdBy)}</div>
            </th>
            <td>{token.participant}</td>
            <td>{token.scopes.join(", ")}</td>
            <td>{token.lastUsedAt ? <Time at={token.lastUsedAt} now={now} /> : "never"}</td>
            <td>{token.expiresAt ? token.expiresAt.slice(0, 10) : "never"}</td>
            <td>
              <form method="post" action="/app/settings/tokens">
                <input type="hidden" name="act" value="revoke" />
                <input type="hidden" name="id" value={token.id} />
                <button type="submit" class="button" aria-label={`Revoke ${token.name}`}>
                  Revoke
                </button>
              </form>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function NewToken({ scopes }: { scopes: readonly string[] }) {
  return (
    <form method="post" action="/app/settings/tokens" class="settings-form">
      <h2>New token</h2>
      <label for="name">Name</label>
      <input id="name" name="name" required maxLength={200} placeholder="nightly import" />
      <fieldset>
        <legend>It may</legend>
        {scopes.map((scope) => (
          <label key={scope} class="choice">
            <input type="checkbox" name="scope" value={scope} defaultChecked={scope === "read"} />{" "}
            <b>{scope}</b> <span class="dim">{ABOUT[scope]}</span>
          </label>
        ))}
      </fieldset>
      <label for="days">It ends after</label>
      <select id="days" name="days">
        <option value="30">30 days</option>
        <option value="90" selected>
          90 days
        </option>
        <option value="365">a year</option>
        <option value="0">never</option>
      </select>
      <label for="participant">It speaks as (empty: you)</label>
      <input
        id="participant"
        name="participant"
        maxLength={128}
        pattern="agent:[a-z0-9][a-z0-9._\-]*"
        placeholder="agent:reviewer"
      />
      <button type="submit" class="button button-main wide">
        Make the token
      </button>
    </form>
  );
}
