/** @jsxImportSource preact */
/** `/app/p/:project/s/:session/share`: choose what a link shows, see exactly that, make it, end those there are. */
import type { StoredEvent } from "../../wire/event.ts";
import type { Session } from "../../wire/session.ts";
import type { Scope, Share } from "../../wire/share.ts";
import { TopBar } from "../parts/bar.tsx";
import { Command } from "../parts/command.tsx";
import { absolute, count } from "../parts/time.tsx";
import { nameOf } from "../parts/who.tsx";
import { document, type Frame } from "./shell.tsx";
import { Told } from "./told.tsx";

export interface SharePage extends Frame {
  session: Session;
  scope: Scope;
  days: number;
  shares: Share[];
  /** What the link will show: its first page. */
  events: StoredEvent[];
  more: boolean;
  made?: { url: string; share: Share } | undefined;
  problem?: string | undefined;
  viewer: string;
  now: number;
}

export const addressOf = ({ project, name }: Session): string =>
  `/app/p/${encodeURIComponent(project)}/s/${encodeURIComponent(name)}`;

export function sharePage(page: SharePage): string {
  const { session, viewer, here, made, problem, events, more } = page;
  const address = addressOf(session);
  return document({
    ...page,
    title: `Share ${session.name} · Polaris`,
    script: "page.js",
    body: (
      <>
        <TopBar
          path={[
            [session.project, `/app/p/${encodeURIComponent(session.project)}`],
            [session.name, address],
            ["share", `${address}/share`],
          ]}
          viewer={viewer}
          here={here}
        />
        <main class="list-page settings" id="conversation">
          <h1>Share and export</h1>
          {problem ? (
            <p class="problem" role="alert">
              {problem}
            </p>
          ) : null}
          {made ? (
            <section class="made" aria-label="The new link">
              <p>
                The link is made. Copy it now: it is shown only this once. It ends{" "}
                {absolute(made.share.expiresAt)}.
              </p>
              <Command text={made.url} />
            </section>
          ) : null}
          <Export address={`/projects/${session.project}/sessions/${session.name}/export`} />
          <h2>Tell a pull request</h2>
          <p class="dim">
            In the repository, with your own GitHub token: one comment with what was asked, files,
            cost and a link back here, updated in place.
          </p>
          <Command text="polaris pr" />
          <h2>Share with a link</h2>
          <p class="dim">
            Whoever has the link reads this session without signing in, until it ends. Secrets were
            taken out where the session was recorded; read the preview all the same.
          </p>
          <Choice page={page} address={address} />
          <Links page={page} address={address} />
          <section class="preview" aria-label="Preview">
            <div class="told">
              <h2>Preview: exactly what the link shows{more ? ", its first page" : ""}</h2>
              {events.length > 0 ? <Told events={events} /> : <p class="empty">Nothing yet.</p>}
            </div>
          </section>
        </main>
      </>
    ),
  });
}

function Export({ address }: { address: string }) {
  return (
    <>
      <h2>Export</h2>
      <p class="filters">
        {(["md", "jsonl", "html"] as const).map((format) => (
          <a class="button" key={format} href={`${address}?format=${format}`} download>
            {{ md: "Markdown", jsonl: "JSON lines", html: "One HTML file" }[format]}
          </a>
        ))}
      </p>
    </>
  );
}

function Choice({ page, address }: { page: SharePage; address: string }) {
  const { scope, days } = page;
  return (
    <form action={`${address}/share`} method="post" class="filters">
      <label>
        From event
        <input
          name="fromSeq"
          value={scope.fromSeq ?? ""}
          inputMode="numeric"
          size={8}
          placeholder="first"
        />
      </label>
      <label>
        To event
        <input
          name="toSeq"
          value={scope.toSeq ?? ""}
          inputMode="numeric"
          size={8}
          placeholder="also later"
        />
      </label>
      <label>
        Shows
        <select name="parts">
          <option value="all" selected={scope.parts === "all"}>
            everything
          </option>
          <option value="talk" selected={scope.parts === "talk"}>
            prompts and answers only
          </option>
        </select>
      </label>
      <label>
        Ends after
        <select name="days">
          {[1, 7, 30, 90].map((each) => (
            <option key={each} value={each} selected={each === days}>
              {each === 1 ? "a day" : `${each} days`}
            </option>
          ))}
        </select>
      </label>
      <button type="submit" class="button" formMethod="get">
        Preview
      </button>
      <button type="submit" class="button button-main" name="act" value="create">
        Make the link
      </button>
    </form>
  );
}

function Links({ page, address }: { page: SharePage; address: string }) {
  const { shares, now } = page;
  if (shares.length === 0) return null;
  const isOver = ({ revokedAt, expiresAt }: Share) =>
    revokedAt !== null || Date.parse(expiresAt) <= now;
  return (
    <div class="scrolls">
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">Link by</th>
            <th scope="col">Shows</th>
            <th scope="col">Ends</th>
            <th scope="col" class="number">
              Views
            </th>
            <th scope="col">Act</th>
          </tr>
        </thead>
        <tbody>
          {shares.map((share) => (
            <tr key={share.id}>
              <th scope="row">{nameOf(share.createdBy)}</th>
              <td>
                {share.parts === "talk" ? "prompts and answers" : "everything"}
                {share.fromSeq || share.toSeq
                  ? `, ${share.fromSeq ?? "first"} to ${share.toSeq ?? "the end"}`
                  : ""}
              </td>
              <td>{share.revokedAt ? "revoked" : absolute(share.expiresAt)}</td>
              <td class="number" data-name="views">
                {count(share.views)}
              </td>
              <td>
                {isOver(share) ? (
                  <span class="dim">over</span>
                ) : (
                  <form method="post" action={`${address}/share`}>
                    <input type="hidden" name="id" value={share.id} />
                    <button type="submit" class="button" name="act" value="revoke">
                      Revoke
                    </button>
                  </form>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
