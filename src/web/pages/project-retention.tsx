/** @jsxImportSource preact */
/** How long a project is kept, and what a shorter term would take away at once. */
import { count } from "../parts/time.tsx";
import { projectAddress } from "../parts/title.ts";
import type { ProjectSettingsPage } from "./project-settings.tsx";

const TERMS = [30, 90, 180, 365, 730] as const;

export function Retention({ project, older }: ProjectSettingsPage) {
  const { retentionDays, slug } = project;
  const days = older ? older.days : retentionDays;
  const known = [...TERMS, ...(days ? [days] : []), ...(retentionDays ? [retentionDays] : [])];
  const terms = [...new Set(known)].sort((a, b) => a - b);
  const action = `${projectAddress(slug)}/settings`;
  return (
    <section id="kept">
      <h2>How long it is kept</h2>
      <form method="post" action={action} class="act">
        <input type="hidden" name="act" value="change" />
        <select name="retentionDays" aria-label="How long it is kept">
          <option value="" selected={days === null}>
            For ever
          </option>
          {terms.map((term) => (
            <option key={term} value={String(term)} selected={days === term}>
              {count(term)} days
            </option>
          ))}
        </select>
        <button type="submit" class="button" formmethod="get" formaction={`${action}#kept`}>
          What would go?
        </button>
        <button type="submit" class="button">
          Change
        </button>
      </form>
      {older ? <Older {...older} /> : null}
      <p class="dim">
        What is older is deleted within the hour, and cannot be brought back; the audit keeps how
        much it was.
      </p>
    </section>
  );
}

function Older({ days, would }: NonNullable<ProjectSettingsPage["older"]>) {
  const { events, sessions, bytes } = would;
  const what =
    events === 0
      ? "nothing"
      : `${count(events)} ${events === 1 ? "event" : "events"} of ${count(sessions)} ${sessions === 1 ? "session" : "sessions"} (${size(bytes)})`;
  return (
    <p role="status">
      Kept for {count(days)} days, <b>{what}</b> would go now. Nothing has changed yet.
    </p>
  );
}

function size(bytes: number): string {
  if (bytes < 1_000_000) return `${count(Math.max(1, Math.round(bytes / 1000)))} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
