/** @jsxImportSource preact */
/** `/app/settings/members`: who belongs here, who is asked in, and which domains are. Plain forms throughout. */
import type { Invite, Member, Org } from "../../wire/org.ts";
import { CopyButton } from "../parts/command.tsx";
import { Time } from "../parts/time.tsx";
import { nameOf } from "../parts/who.tsx";
import { type SettingsPage, settingsPage } from "./settings.tsx";
import { type Ways, WaysIn } from "./ways.tsx";

export interface MembersPage extends SettingsPage {
  org: Org;
  members: Member[];
  invites: Invite[];
  domains: { domain: string; role: string }[];
  /** What the viewer may give; empty for who may only read. */
  roles: readonly string[];
  /** Of the server; only for who may change. */
  ways?: Ways | undefined;
  now: number;
  /** A fresh invitation's link, shown this once. */
  fresh?: { url: string; email: string | null; mailed: boolean | null } | undefined;
}

export function membersPage(page: MembersPage): string {
  const { org, fresh, roles, ways } = page;
  const mayChange = roles.length > 0;
  const children = (
    <>
      {fresh ? <Fresh {...fresh} /> : null}
      <Members {...page} />
      {mayChange ? <Invites {...page} /> : null}
      {mayChange ? <Domains {...page} /> : null}
      {ways ? <WaysIn ways={ways} /> : null}
      {mayChange ? <Rename org={org} /> : null}
      <section>
        <h2>Leave</h2>
        <p class="dim">What you wrote stays here under your name.</p>
        <Act act="leave" label={`Leave ${org.name}`} />
      </section>
    </>
  );
  return settingsPage(page, { tab: "Members", heading: `Members of ${org.name}`, children });
}

/** One act as a form of its own. */
function Act({ act, label, ...fields }: { act: string; label: string; [field: string]: string }) {
  return (
    <form method="post" action="/app/settings/members" class="act">
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

function Fresh({
  url,
  email,
  mailed,
}: {
  url: string;
  email: string | null;
  mailed: boolean | null;
}) {
  return (
    <section class="fresh" aria-labelledby="fresh">
      <h2 id="fresh">{email ? `The link for ${email}` : "The link to send"}</h2>
      <div class="command">
        <code>{url}</code>
        <CopyButton text={url} what="link" />
      </div>
      <p class="dim">
        {mailed === true ? "It was mailed as well. " : null}
        {mailed === false ? "The mail server did not take it: send it yourself. " : null}
        It works once, within 7 days, and is shown only now.
      </p>
    </section>
  );
}

function Members({ members, viewer, roles, now }: MembersPage) {
  return (
    <table class="rows">
      <thead>
        <tr>
          <th scope="col">Member</th>
          <th scope="col">Email</th>
          <th scope="col">Role</th>
          <th scope="col">Joined</th>
          {roles.length ? <th scope="col">Change</th> : null}
        </tr>
      </thead>
      <tbody>
        {members.map(({ participant, name, email, role, joinedAt }) => (
          <tr key={participant}>
            <th scope="row">
              {name} <span class="dim">{nameOf(participant)}</span>
              {participant === viewer ? <span class="tag">you</span> : null}
            </th>
            <td>{email}</td>
            <td>{role}</td>
            <td>
              <Time at={joinedAt} now={now} />
            </td>
            {roles.length ? (
              <td class="acts">
                {roles.includes(role) ? (
                  <>
                    <RoleForm participant={participant} role={role} roles={roles} />
                    {participant === viewer ? null : (
                      <Act act="remove" label="Remove" participant={participant} />
                    )}
                  </>
                ) : null}
              </td>
            ) : null}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function RoleForm({
  participant,
  role,
  roles,
}: {
  participant: string;
  role: string;
  roles: readonly string[];
}) {
  return (
    <form method="post" action="/app/settings/members" class="act">
      <input type="hidden" name="act" value="role" />
      <input type="hidden" name="participant" value={participant} />
      <Roles roles={roles} chosen={role} label={`Role of ${nameOf(participant)}`} />
      <button type="submit" class="button">
        Set
      </button>
    </form>
  );
}

function Roles({
  roles,
  chosen,
  label,
}: {
  roles: readonly string[];
  chosen: string;
  label: string;
}) {
  return (
    <select name="role" aria-label={label}>
      {roles.map((each) => (
        <option value={each} selected={each === chosen} key={each}>
          {each}
        </option>
      ))}
    </select>
  );
}

function Invites({ invites, roles, now }: MembersPage) {
  return (
    <section aria-labelledby="invites">
      <h2 id="invites">Invite</h2>
      <p class="dim">Makes a one-time link for you to send, good for 7 days.</p>
      <form method="post" action="/app/settings/members" class="act">
        <input type="hidden" name="act" value="invite" />
        <input
          name="email"
          type="email"
          placeholder="email (empty: whoever opens it)"
          aria-label="Email"
        />
        <Roles roles={roles} chosen="member" label="Role" />
        <button type="submit" class="button button-main">
          Make a link
        </button>
      </form>
      {invites.length ? (
        <table class="rows">
          <tbody>
            {invites.map(({ id, email, role, createdBy, expiresAt }) => (
              <tr key={id}>
                <th scope="row">{email ?? "whoever opens it"}</th>
                <td>{role}</td>
                <td>by {nameOf(createdBy)}</td>
                <td>{days(expiresAt, now)} left</td>
                <td>
                  <Act act="revoke" label="Take back" id={id} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : (
        <p class="dim">No invitation is open.</p>
      )}
    </section>
  );
}

const days = (end: string, now: number): string => {
  const hours = Math.max(0, (Date.parse(end) - now) / 3600_000);
  return hours >= 48 ? `${Math.round(hours / 24)} days` : `${Math.ceil(hours)} h`;
};

function Domains({ domains }: MembersPage) {
  return (
    <section aria-labelledby="domains">
      <h2 id="domains">Domains</h2>
      <p class="dim">Who signs in with a verified address of these joins by themselves.</p>
      {domains.map(({ domain, role }) => (
        <p key={domain} class="line">
          <code>{domain}</code> as {role}
          <Act act="domain-remove" label="Remove" domain={domain} />
        </p>
      ))}
      <form method="post" action="/app/settings/members" class="act">
        <input type="hidden" name="act" value="domain-add" />
        <input name="domain" required placeholder="your.domain" aria-label="Domain" />
        <Roles roles={["viewer", "member", "admin"]} chosen="member" label="Role" />
        <button type="submit" class="button">
          Add
        </button>
      </form>
    </section>
  );
}

function Rename({ org }: { org: Org }) {
  return (
    <section aria-labelledby="rename">
      <h2 id="rename">Name</h2>
      <form method="post" action="/app/settings/members" class="act">
        <input type="hidden" name="act" value="rename" />
        <input name="name" required value={org.name} aria-label="Name of the organisation" />
        <button type="submit" class="button">
          Rename
        </button>
      </form>
    </section>
  );
}
