/** @jsxImportSource preact */
import type { ComponentChildren } from "preact";
import { Command } from "../../parts/command.tsx";
import { Icon } from "../../parts/icon.tsx";
import { useTeam } from "./desk.ts";

/** The way to a first session. Each step ticks itself as soon as the server sees it done; then the list goes. */
export function SetupList({ url }: { url: string }) {
  const { machine, session, slack } = useTeam().setup.value;
  if (machine && session) return null;
  return (
    <section class="setup" aria-label="Getting started">
      <h2>Record a first session</h2>
      <p class="dim">Each step ticks itself; this page needs no reload.</p>
      <ol>
        <Step done={machine} name="Set up a machine">
          <p>On the computer where your agents run:</p>
          <Command text={`polaris login --url ${url} && polaris install`} />
        </Step>
        <Step done={session} name="Start a session">
          <p>In a repository; the next Claude Code session there appears here.</p>
          <Command text="polaris link my-project" />
        </Step>
        {slack === null ? null : (
          <Step done={slack} name="Connect Slack" optional>
            <p>
              Sessions are mirrored into channels, and answered from there.{" "}
              <a href="/app/settings/slack">Slack settings</a>
            </p>
          </Step>
        )}
      </ol>
      <p class="dim">
        Not alone? <a href="/app/settings/members">Invite others</a>.
      </p>
    </section>
  );
}

function Step({
  done,
  name,
  optional = false,
  children,
}: {
  done: boolean;
  name: string;
  optional?: boolean;
  children: ComponentChildren;
}) {
  return (
    <li class={done ? "done" : ""}>
      <h3>
        <Icon name={done ? "finished" : "idle"} label={done ? "done" : "to do"} /> {name}
        {optional ? <span class="dim"> optional</span> : null}
      </h3>
      {done ? null : children}
    </li>
  );
}
