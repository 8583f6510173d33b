import { resolve } from "node:path";
import { paths } from "../machine/paths.ts";
import { PolarisError } from "../wire/error.ts";
import type { Job, Row } from "../wire/job.ts";
import { parse } from "./args.ts";
import { allTranscripts, mb, table, work } from "./job.ts";
import { sinceOf } from "./since.ts";

export const help = `
Takes transcripts that are on this machine already into a project, before the agent deletes them.
Without --project only those of linked directories go anywhere. Again is no different from once.

Usage: polaris import [FILES…] [options]

Options:
  --list               show what there is: size, dates, project; take nothing
  --project NAME       into this project, wherever they were written
  --since TIME         changed since then: 36h, 7d, 2026-11-01
  --dry-run            count what would be new; take nothing
  --polaris-home DIR   (default: $POLARIS_HOME or ~/.polaris)
  --json               print the rows

Transcripts are looked for where Claude Code keeps them ($CLAUDE_CONFIG_DIR or ~/.claude).

Examples:
  polaris import --list
  polaris import --since 7d --dry-run
  polaris import --project website ~/.claude/projects/-home-dev-website/*.jsonl
`;

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parse({
    args,
    allowPositionals: true,
    options: {
      list: { type: "boolean", default: false },
      project: { type: "string" },
      since: { type: "string" },
      "dry-run": { type: "boolean", default: false },
      "polaris-home": { type: "string" },
      json: { type: "boolean" },
    },
  });
  const named = positionals.length > 0;
  const files = named
    ? positionals.map((file) => ({ agent: "claude", path: resolve(file) }))
    : allTranscripts();
  const { list: isList, "dry-run": dry } = values;
  const place = paths(values["polaris-home"]);
  const { project } = values;
  const wish = { files, project, since: sinceOf(values.since), named, list: isList, dry };
  const job = await work(place, "/import", wish);
  const lost = named ? files.filter(({ path }) => !job.rows.some((row) => row.path === path)) : [];
  if (lost[0] && !values.since) {
    throw new PolarisError("not_found", `There is no transcript ${lost[0].path}.`);
  }
  if (values.json) return void console.log(JSON.stringify({ dry: dry || isList, rows: job.rows }));
  console.log(isList ? list(job) : report(job, dry));
}

function list({ rows }: Job): string {
  if (rows.length === 0) return "No transcripts here.";
  const lines = rows.map((row) => [
    `${mb(row.bytes)} MB`,
    day(row.from),
    day(row.to),
    row.project ?? "-",
    row.skipped ?? "",
    row.path ?? "",
  ]);
  return table([["SIZE", "FROM", "TO", "PROJECT", "", "FILE"], ...lines]);
}

function report({ rows }: Job, dry: boolean): string {
  const taken = rows.filter(({ skipped, fresh }) => skipped === null && fresh > 0);
  const lines = taken.map(
    (row) => `${row.project}/${row.name ?? "(new)"}  ${row.fresh}  ${row.path}`,
  );
  const count = taken.reduce((sum, { fresh }) => sum + fresh, 0);
  lines.push(`${count} events of ${taken.length} sessions ${dry ? "would be" : "were"} imported.`);
  const homeless = rows.filter(({ skipped }) => skipped === "no project").length;
  if (homeless) lines.push(`${homeless} belong to no linked directory: name one with --project.`);
  return [...lines, ...others(rows)].join("\n");
}

function others(rows: Row[]): string[] {
  const reasons = new Map<string, number>();
  for (const { skipped } of rows) {
    if (skipped && skipped !== "no project") reasons.set(skipped, (reasons.get(skipped) ?? 0) + 1);
  }
  return [...reasons].map(([reason, count]) => `${count} left out: ${reason}.`);
}

const day = (at: string | null): string => at?.slice(0, 10) ?? "-";
