/** @jsxImportSource preact */
/** The form of how sessions look in Slack: for all projects, or for one over that. */
import {
  ADVISORS,
  LAYOUTS,
  LONG,
  OUTSIDERS,
  type SlackWishes,
  VERBOSITIES,
} from "../../wire/slack-wishes.ts";

/** The words for each choice, in the order in which they are offered. */
const CHOICES: [keyof SlackWishes, label: string, values: readonly string[]][] = [
  ["layout", "Layout", LAYOUTS],
  ["verbosity", "How much is told", VERBOSITIES],
  ["long", "Long messages", LONG],
  ["advice", "Whose words become advice", ADVISORS],
  ["outsiders", "Who else advises (an admin chooses)", OUTSIDERS],
  ["personas", "Names and pictures of who speaks", ["true", "false"]],
];

const ABOUT: Record<string, string> = {
  thread: "one thread for each session",
  feed: "one log of all sessions",
  "session-channel": "a channel for each session",
  all: "every word, and the tools between",
  normal: "prompts and answers",
  quiet: "only what needs somebody",
  off: "nothing",
  snippet: "a preview and a file",
  inline: "in several messages",
  linked: "members of Polaris",
  channel: "everybody of the workspace",
  none: "nobody",
  guests: "guests of the workspace",
  true: "shown",
  false: "the app's own",
};

/** `off` and `thread` mean something else elsewhere. */
const aboutOf = (key: keyof SlackWishes, value: string): string => {
  if (key === "advice" && value === "off") return "nobody's";
  if (key === "outsiders" && value === "all") return "guests, other companies, other apps";
  if (key === "long" && value === "thread") return "a preview, and the rest below it";
  return ABOUT[value] ?? value;
};

export function WishForm({
  action,
  wishes,
  project,
  fallback,
}: {
  /** The page that takes it. */
  action: string;
  wishes: SlackWishes;
  project?: string;
  /** What no wish means. */
  fallback: string;
}) {
  const prefix = project ?? "all";
  return (
    <form method="post" action={action} class="settings-form">
      <input type="hidden" name="act" value="wish" />
      {project ? <input type="hidden" name="project" value={project} /> : null}
      {CHOICES.map(([key, label, values]) => (
        <>
          <label for={`${prefix}-${key}`}>{label}</label>
          <select id={`${prefix}-${key}`} name={key}>
            <option value="">{fallback}</option>
            {values.map((value) => (
              <option key={value} value={value} selected={String(wishes[key]) === value}>
                {aboutOf(key, value)}
              </option>
            ))}
          </select>
        </>
      ))}
      <button type="submit" class="button">
        Keep
      </button>
    </form>
  );
}
