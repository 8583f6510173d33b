import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Capture } from "../agents/claude/install.ts";
import { lineDiff } from "../lib/diff.ts";
import { paths } from "../machine/paths.ts";
import { PolarisError } from "../wire/error.ts";
import { parse } from "./args.ts";
import { applyInstall, type Done, type Plan, planInstall, refresh } from "./kit/install.ts";

export const help = `
Usage: polaris install [options]

Puts Polaris on this machine for Claude Code:

  - hooks, the MCP server and the command /polaris, as one folder ~/.claude/skills/polaris
  - the status line: the one key it sets in settings.json; one that is there already is kept and shown first
  - the recorder as a background service (systemd or launchd of this user, else a plain process)

Everything else in your settings stays byte for byte; polaris uninstall takes all of it back. Running
sessions take it up after /reload-plugins. CLAUDE_CONFIG_DIR is honoured.

Options:
  --dry-run          show what would change, as a diff, and change nothing
  --no-status-line   leave settings.json alone
  --no-service       leave the recorder to be run by hand (polaris daemon)
  --home DIR         install into this home directory instead of yours; no service then
  --capture MODE     tail: the transcript is the record, no hook on the tool path (default)
                     hooks: every hook, should the transcript's format have changed
  --refresh          put right what was installed before and start the recorder anew
  --json             print what was done as JSON

Examples:
  polaris install
  polaris install --dry-run
  polaris install --home /tmp/trial --json
`;

export async function run(args: string[]): Promise<void> {
  const { values } = parse({
    args,
    options: {
      home: { type: "string" },
      capture: { type: "string", default: process.env.POLARIS_CAPTURE || "" },
      "dry-run": { type: "boolean", default: false },
      "no-status-line": { type: "boolean", default: false },
      "no-service": { type: "boolean", default: false },
      refresh: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  if (values.refresh) {
    const changed = await refresh(paths());
    return void console.log(values.json ? JSON.stringify({ changed }) : "Refreshed.");
  }
  const home = values.home === undefined ? undefined : resolve(values.home);
  if (home && !existsSync(home)) {
    throw new PolarisError("usage", `There is no directory ${home}.`, { hint: "Make it first." });
  }
  const plan = await planInstall({
    home,
    capture: captureOf(values.capture),
    statusLine: !values["no-status-line"],
    service: !values["no-service"] && home === undefined,
  });
  if (values["dry-run"]) return void console.log(values.json ? planned(plan) : drawn(plan));
  const done = await applyInstall(plan);
  console.log(values.json ? JSON.stringify(done) : said(done));
}

/** Hooks, skill and MCP server alone: what `polaris demo` puts into a home of its own. */
export async function installInto(options: { home: string; polarisHome: string }): Promise<void> {
  await applyInstall(await planInstall({ ...options, statusLine: false, service: false }));
}

function captureOf(value: string): Capture | undefined {
  if (value === "tail" || value === "hooks") return value;
  if (value === "") return undefined;
  throw new PolarisError("usage", `"${value}" is no way to capture.`, { hint: "tail or hooks." });
}

function said({ folder, changed, statusLine, service, warnings }: Done): string {
  const lines: string[] = [];
  if (changed.length > 0) {
    lines.push(`✓ Hooks, skill and MCP server: ${folder} (${changed.join(", ")})`);
  }
  if (statusLine) lines.push(`✓ Status line: ${statusLine}`);
  if (service) lines.push(`✓ Recorder: runs ${KEPT[service]}`);
  if (lines.length === 0) lines.push(`Nothing to do: ${folder} is up to date.`);
  else lines.push("New sessions of Claude Code have it; in a running one type /reload-plugins.");
  return [...lines, ...warnings.map((warning) => `! ${warning}`)].join("\n");
}

const KEPT = {
  systemd: "as a systemd unit of this user",
  launchd: "as a launchd agent",
  process: "in the background (nothing here starts programs at login)",
} as const;

function files({ plugin, statusLine }: Plan) {
  const settings = statusLine
    ? [{ path: statusLine.file, before: statusLine.before, after: statusLine.after }]
    : [];
  return [...plugin, ...settings];
}

const planned = (plan: Plan): string =>
  JSON.stringify({
    files: files(plan).map(({ path, before = "", after }) => ({
      path,
      diff: lineDiff(before, after),
    })),
    service: plan.service ?? null,
    warnings: plan.warnings,
  });

function drawn(plan: Plan): string {
  const parts = files(plan).map(({ path, before = "", after }) =>
    [`--- ${before === "" ? "/dev/null" : path}`, `+++ ${path}`, lineDiff(before, after)].join(
      "\n",
    ),
  );
  if (plan.service) parts.push(`Recorder: would run ${KEPT[plan.service]}`);
  if (parts.length === 0) parts.push("Nothing to do.");
  return [...parts, ...plan.warnings.map((warning) => `! ${warning}`)].join("\n\n");
}
