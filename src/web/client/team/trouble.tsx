/** @jsxImportSource preact */
import type { Trouble } from "../../../wire/team.ts";
import { projectAddress } from "../../parts/title.ts";
import { useTeam } from "./desk.ts";

/** What stands still in Slack, with what mends it. Plain links and forms: they work without scripts. */
export function Troubles() {
  const { trouble = [] } = useTeam().setup.value;
  if (!trouble.length) return null;
  return (
    <section class="troubles" aria-label="Slack">
      {trouble.map((each) => (
        <div class="problem" role="alert" key={`${each.project ?? ""} ${each.says}`}>
          <p>
            <b>{each.project ? `Slack, ${each.project}: ` : "Slack: "}</b>
            {each.says} {each.detail ? `Missing: ${each.detail}. ` : null}
            {each.remedy} Nothing is lost meanwhile.
          </p>
          <Remedy trouble={each} />
        </div>
      ))}
    </section>
  );
}

const WORDS = { again: "Try again", anew: "Make a new channel" } as const;

function Remedy({ trouble: { acts, project } }: { trouble: Trouble }) {
  if (acts.length === 0) return <p>An admin can do it.</p>;
  if (project === null) {
    return (
      <p class="acts">
        {acts.includes("reconnect") ? (
          <a class="button" href="/slack/connect">
            Reconnect Slack
          </a>
        ) : null}
        <a class="button" href="/app/settings/slack">
          Slack settings
        </a>
      </p>
    );
  }
  const settings = `${projectAddress(project)}/settings`;
  return (
    <form method="post" action={settings} class="acts">
      {acts.map((act) =>
        act === "again" || act === "anew" ? (
          <button type="submit" class="button" name="act" value={`slack-${act}`} key={act}>
            {WORDS[act]}
          </button>
        ) : null,
      )}
      {acts.includes("link") ? (
        <a class="button" href={settings}>
          Use another channel
        </a>
      ) : null}
    </form>
  );
}
