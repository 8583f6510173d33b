import { ask } from "../machine/local.ts";
import { paths } from "../machine/paths.ts";
import type { Status } from "../wire/local.ts";
import { parse } from "./args.ts";

export const help = `
Tells what is being recorded, and whether it has reached the server.

Usage: polaris status [--json] [--polaris-home DIR]

Examples:
  polaris status
  polaris status --json
`;

export async function run(args: string[]): Promise<void> {
  const { values } = parse({
    args,
    options: { "polaris-home": { type: "string" }, json: { type: "boolean" } },
  });
  const status = await ask<Status>(paths(values["polaris-home"]), "/status");
  console.log(values.json ? JSON.stringify(status) : report(status));
}

function report(status: Status): string {
  const { pid, server, profiles, elsewhere, journal, spool, damaged, links, bindings } = status;
  const lines = [
    `Recorder  running (pid ${pid})`,
    `Server    ${server.url || "none"}: ${stateOf(server)}`,
    `Journal   ${journal.pending} waiting to be sent${journal.refused ? `, ${journal.refused} refused` : ""}, ${(journal.bytes / 1e6).toFixed(1)} MB`,
  ];
  for (const other of profiles.filter(({ isCurrent }) => !isCurrent)) {
    lines.push(`          ${other.name}, ${other.url}: ${stateOf(other)}`);
  }
  if (elsewhere) {
    lines.push(`          ${elsewhere} wait for a sign-in to the organisation they belong to`);
  }
  if (journal.error) lines.push(`          ${journal.error}`);
  if (spool || damaged) lines.push(`Spool     ${spool} waiting, ${damaged} damaged`);
  if (status.silentSince) {
    lines.push(
      `Paused    this machine is off the record since ${status.silentSince}: polaris resume`,
    );
  }
  for (const { directory, project, remote } of links) {
    lines.push(`Linked    ${directory}${remote ? ` (${remote})` : ""} -> ${project}`);
  }
  for (const bound of bindings) {
    lines.push(
      `Session   ${bound.project}/${bound.name}: ${bound.acked} of ${bound.events} sent${bound.paused ? ", off the record" : ""}`,
    );
  }
  if (bindings.length === 0) lines.push("Session   none is being recorded");
  return lines.join("\n");
}

const stateOf = ({ state, error }: Pick<Status["server"], "state" | "error">): string => {
  if (state === "signed_out") return `signed out: ${error ?? ""} Run polaris login.`;
  return error ? `${state} (${error})` : state;
};
