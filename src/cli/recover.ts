import { createInterface } from "node:readline/promises";
import { paths } from "../machine/paths.ts";
import type { Job } from "../wire/job.ts";
import { parse } from "./args.ts";
import { allTranscripts, work } from "./job.ts";
import { sinceOf } from "./since.ts";

export const help = `
Compares what this machine knows (its journal, its transcripts) with the server, and sends what is
missing there. First it shows what that would be. Again is no different from once.

Usage: polaris recover [options]

Options:
  --project NAME       this project alone
  --since TIME         what happened since then: 36h, 7d, 2026-11-01
  --dry-run            only show
  --yes                do not ask (nor does it where nobody can answer)
  --polaris-home DIR   (default: $POLARIS_HOME or ~/.polaris)
  --json               print the rows

Examples:
  polaris recover
  polaris recover --since 7d --project website --dry-run
`;

export async function run(args: string[]): Promise<void> {
  const { values } = parse({
    args,
    options: {
      project: { type: "string" },
      since: { type: "string" },
      "dry-run": { type: "boolean", default: false },
      yes: { type: "boolean", default: false },
      "polaris-home": { type: "string" },
      json: { type: "boolean" },
    },
  });
  const place = paths(values["polaris-home"]);
  const { project } = values;
  const wish = { files: allTranscripts(), project, since: sinceOf(values.since) };
  const look = await work(place, "/recover", { ...wish, dry: true });
  const stop = values["dry-run"] || countOf(look) === 0;
  if (stop && values.json) return void console.log(JSON.stringify({ dry: true, rows: look.rows }));
  if (!values.json) console.log(report(look, "missing on the server"));
  if (stop || !(values.yes || values.json || (await agreed()))) return;
  const done = await work(place, "/recover", { ...wish, dry: false });
  if (values.json) return void console.log(JSON.stringify({ dry: false, rows: done.rows }));
  console.log(report(done, "recovered"));
}

/** Somebody at a keyboard is asked; a script has said what it wants. */
async function agreed(): Promise<boolean> {
  if (!process.stdin.isTTY) return true;
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await lines.question("Send it? [Y/n] ");
  lines.close();
  return !/^n/i.test(answer.trim());
}

const countOf = ({ rows }: Job): number =>
  rows.reduce((sum, { fresh, again }) => sum + fresh + again, 0);

function report(job: Job, word: string): string {
  const lines = job.rows
    .filter(({ fresh, again }) => fresh + again > 0)
    .map((row) => `${row.project}/${row.name ?? "(new)"}  ${row.fresh + row.again}`);
  for (const { project, name, skipped } of job.rows) {
    if (skipped) lines.push(`${project}/${name} was not compared: ${skipped}`);
  }
  const count = countOf(job);
  lines.push(count === 0 ? "Nothing is missing." : `${count} events ${word}.`);
  return lines.join("\n");
}
