/** @jsxImportSource preact */
import type { ComponentChildren } from "preact";
import { type Here, TopBar } from "../../parts/bar.tsx";
import { Command } from "../../parts/command.tsx";
import { Spark } from "../../parts/spark.tsx";
import { count } from "../../parts/time.tsx";
import { projectAddress } from "../../parts/title.ts";
import { LiveMark } from "../live-mark.tsx";
import { TeamProvider, useTeam } from "./desk.ts";
import { Row } from "./row.tsx";
import { SetupList } from "./setup.tsx";
import type { TeamStore } from "./store.ts";
import { Troubles } from "./trouble.tsx";

export interface TeamViewProps {
  store: TeamStore;
  viewer: string;
  here?: Here | undefined;
  /** Where machines find this server. */
  url: string;
}

/** Who works on what: those that need a human first. */
export function TeamView({ store, viewer, here, url }: TeamViewProps) {
  return (
    <TeamProvider value={store}>
      <TopBar path={[["team", "/app"]]} viewer={viewer} here={here}>
        <Live />
      </TopBar>
      <div class="team">
        <main class="team-main" id="conversation">
          <h1 class="unseen">Team</h1>
          <Troubles />
          <SetupList url={url} />
          <Groups placed empty={<Quiet />} />
        </main>
        <Activity />
      </div>
    </TeamProvider>
  );
}

export function Live() {
  const { live, now } = useTeam();
  return <LiveMark live={live.value} now={now.value} />;
}

/** The lists, each under its state. */
export function Groups({ placed, empty }: { placed: boolean; empty: ComponentChildren }) {
  const store = useTeam();
  void store.revision.value;
  const groups = store.groups();
  if (!groups.length) return <>{empty}</>;
  return (
    <>
      {groups.map(({ name, sessions }) => (
        <section class="lineup" key={name} aria-label={name}>
          <h2>
            {name} <span class="dim number">{count(sessions.length)}</span>
          </h2>
          <ul>
            {sessions.map((session) => (
              <Row key={session.id} session={session} placed={placed} />
            ))}
          </ul>
        </section>
      ))}
    </>
  );
}

/** Prompts of the last 24 hours by project; each leads to its sessions. */
function Activity() {
  const { projects } = useTeam();
  const rows = projects.value
    .map(({ slug, hours }) => ({ slug, hours, sum: hours.reduce((all, one) => all + one, 0) }))
    .sort((a, b) => b.sum - a.sum || (a.slug < b.slug ? -1 : 1))
    .slice(0, 12);
  if (!rows.length) return null;
  return (
    <aside class="activity" aria-label="Prompts in the last 24 hours">
      <h2>
        Prompts <span class="dim">24 h</span>
      </h2>
      <ul>
        {rows.map(({ slug, hours, sum }) => (
          <li key={slug}>
            <a href={projectAddress(slug)}>{slug}</a>
            <Spark hours={hours} />
            <span class="number">{count(sum)}</span>
          </li>
        ))}
      </ul>
      <p>
        <a href="/app/projects">All projects</a>
      </p>
    </aside>
  );
}

function Quiet() {
  const { setup } = useTeam();
  if (!setup.value.session) return null;
  return (
    <section class="empty">
      <h2>All quiet</h2>
      <p>
        Nothing happened in the last 24 hours. Older sessions are with{" "}
        <a href="/app/projects">their projects</a>.
      </p>
      <p>To record another repository, run this in it:</p>
      <Command text="polaris link my-project" />
    </section>
  );
}
