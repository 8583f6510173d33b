import { call } from "../machine/api.ts";
import { paths } from "../machine/paths.ts";
import { currentServer } from "../machine/tokens.ts";
import { PolarisError } from "../wire/error.ts";
import { RemovalAnswer } from "../wire/removal.ts";
import { parse } from "./args.ts";
import { table } from "./job.ts";

export const help = `
Usage: polaris forget PERSON [--project PROJECT] [--yes]
       polaris forget --project PROJECT --older-than DAYS [--yes]

Removes events for good: all that a person sent, with what was answered in sessions where nobody else spoke; or what a
project received longer ago than DAYS. Without --yes it only says what would go. What stays is a proof in the audit and
the removed events' numbers, without a word of them. Takes an admin. A project's retention does the latter by itself.

Not reached: backups taken before (they go with --keep), what Slack has, and copies on the machines that sent it.

  --yes                do it
  --polaris-home DIR   where this machine's sign-in is kept (default: $POLARIS_HOME or ~/.polaris)
  --json               print the result as JSON

Examples:
  polaris forget user:krishna
  polaris forget user:krishna --project website --yes
  polaris forget --project website --older-than 90 --yes
`;

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parse({
    args,
    allowPositionals: true,
    options: {
      project: { type: "string" },
      "older-than": { type: "string" },
      yes: { type: "boolean", default: false },
      "polaris-home": { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const { project, "older-than": days } = values;
  const [person] = positionals;
  const isWrong = person ? days !== undefined : !project || days === undefined;
  if (positionals.length > 1 || isWrong) {
    throw new PolarisError("usage", "Forget whom, or what of which project?", {
      hint: "See polaris forget --help.",
    });
  }
  const server = await currentServer(paths(values["polaris-home"]));
  const wish = {
    ...(person ? { person } : {}),
    ...(project ? { project } : {}),
    ...(days === undefined ? {} : { olderThanDays: Number(days.replace(/d$/, "")) }),
    dryRun: !values.yes,
  };
  const body = JSON.stringify(wish);
  // A million events take about a minute.
  const request = { method: "POST", path: "/removals", body, timeoutMs: 600_000 } as const;
  const answer = await call(server, request, RemovalAnswer);
  if (values.json) return void console.log(JSON.stringify(answer));
  const rows = answer.removed.map(({ project: slug, events, sessions, firstSeq, lastSeq }) => [
    slug,
    `${events} events`,
    `${sessions} sessions`,
    firstSeq === null ? "" : `${firstSeq} to ${lastSeq}`,
  ]);
  console.log(rows.length > 0 ? table(rows) : "There is nothing of that.");
  if (rows.length === 0) return;
  console.log(
    answer.dryRun
      ? "Nothing was removed: --yes does it."
      : "✓ Removed; polaris audit list --action events.removed has the proof.",
  );
}
