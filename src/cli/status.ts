import { existsSync } from "node:fs";
import { ask } from "../machine/local.ts";
import { paths } from "../machine/paths.ts";
import { PolarisError } from "../wire/error.ts";
import type { Binding, Status } from "../wire/local.ts";
import { parse } from "./args.ts";
import { dataDirOf } from "./data-dir.ts";
import { type Asleep, asleep } from "./kit/asleep.ts";
import { type Ink, inkOf } from "./kit/ink.ts";
import { serverStatus } from "./kit/server-status.ts";
import { VERSION } from "./version.ts";

export const help = `
Tells what is being recorded, and whether it has reached the server. While the recorder does not run: who is signed in
and what waits for it (exit code 4).

Usage: polaris status [--json] [--polaris-home DIR]
       polaris status --server [--json] [--data-dir DIR]

--server asks the server that runs on this machine how it stands: what waits, the database, the newest backup.

Examples:
  polaris status
  polaris status --json
  polaris status --server --data-dir /var/lib/polaris
`;

export async function run(args: string[]): Promise<void> {
  const { values } = parse({
    args,
    options: {
      "polaris-home": { type: "string" },
      json: { type: "boolean", default: false },
      server: { type: "boolean", default: false },
      "data-dir": { type: "string", default: dataDirOf(process.env) },
    },
  });
  if (values.server) return await serverStatus(values["data-dir"], values.json);
  const place = paths(values["polaris-home"]);
  const status = await ask<Status>(place, "/status").catch((error: unknown) => {
    if (error instanceof PolarisError && error.code === "daemon_unreachable") {
      tell(asleep(place), values.json);
    }
    throw error;
  });
  if (values.json) return void console.log(JSON.stringify({ ...status, program: VERSION }));
  for (const [name, text] of report(status, inkOf(process.stdout))) {
    console.log(`${name.padEnd(9)} ${text}`);
  }
}

/** While the recorder does not answer: what is known without it. */
function tell(known: Asleep, asJson = false): void {
  if (asJson) return void console.log(JSON.stringify(known));
  const ink = inkOf(process.stdout);
  const rows: [string, string][] = [
    ["Recorder", ink.red(known.hangs ? "runs and does not answer" : "not running")],
  ];
  if (known.profiles.length === 0)
    rows.push(["Server", "none: nobody is signed in — polaris login"]);
  for (const { name, url, participant, isCurrent, error } of known.profiles) {
    const who =
      error === null
        ? `signed in as ${participant}`
        : ink.amber(`signed out (${error}) — polaris login`);
    rows.push([isCurrent ? "Server" : "", `${url}: ${who} ${ink.dim(name)}`]);
  }
  if (known.spool > 0) rows.push(["Spool", `${known.spool} waiting for the recorder`]);
  for (const [name, text] of rows) console.log(`${name.padEnd(9)} ${text}`);
}

function* report(status: Status, ink: Ink): Generator<[string, string]> {
  const { server, journal, unchecked, spool, damaged } = status;
  yield ["Recorder", `running (pid ${status.pid}, ${status.version})`];
  if (status.version !== VERSION) {
    yield ["", ink.amber(`this program is ${VERSION} — polaris doctor --fix`)];
  }
  if (status.update) yield ["Update", ink.amber(`${status.update} is available — polaris update`)];
  yield ["Server", connection(server, ink)];
  for (const other of status.profiles) {
    if (!other.isCurrent) yield ["", `${connection(other, ink)} ${ink.dim(other.name)}`];
  }
  const acked = server.ackedAt ? `, last acknowledged ${ago(server.ackedAt)}` : "";
  const size = `${(journal.bytes / 1e6).toFixed(1)} MB`;
  yield ["Journal", `${journal.pending} waiting to be sent${acked}, ${size}`];
  if (status.elsewhere > 0) {
    const what = `${status.elsewhere} wait for a sign-in to the organisation they belong to`;
    yield ["", ink.amber(`${what} — polaris login`)];
  }
  if (unchecked.reason) yield ["", ink.amber(`${counted(unchecked.events)}: ${unchecked.reason}`)];
  if (journal.error) yield ["", ink.red(journal.error)];
  if (journal.refused > 0) yield ["Refused", ink.amber(`${journal.refused} by the server`)];
  for (const { reason, count } of journal.refusals) yield ["", `${count}× ${reason}`];
  if (journal.mailbox > 0) yield ["Advice", `${journal.mailbox} waiting for delivery`];
  if (spool > 0 || damaged > 0) yield ["Spool", `${spool} waiting, ${damaged} damaged`];
  if (status.silentSince) {
    const since = ago(status.silentSince);
    yield ["Paused", ink.amber(`this machine is off the record since ${since}: polaris resume`)];
  }
  for (const { directory, project, remote } of status.links) {
    yield ["Linked", `${directory}${remote ? ` (${remote})` : ""} -> ${project}`];
  }
  for (const bound of status.bindings) yield ["Session", session(bound, ink)];
  if (status.bindings.length === 0) yield ["Session", "none is being recorded"];
}

function connection({ url, state, error }: Connection, ink: Ink): string {
  const sign = state === "connected" ? ink.green("●") : ink.amber("○");
  const why = error ? ` (${error})` : "";
  const next = state === "signed_out" ? " — polaris login" : "";
  return `${sign} ${url || "none"}: ${state.replace("_", " ")}${why}${next}`;
}

type Connection = Pick<Status["server"], "url" | "state" | "error">;

const counted = (events: number): string =>
  events === 0
    ? "No event can be checked for secrets"
    : `${events} event${events === 1 ? "" : "s"} could not be checked for secrets`;

function session({ project, name, acked, events, cwd, paused }: Binding, ink: Ink): string {
  const sign = acked === events ? ink.green("●") : ink.amber("○");
  const where = cwd && existsSync(cwd) ? ink.dim(` ${cwd}`) : "";
  return `${sign} ${project}/${name}: ${acked} of ${events} sent${paused ? ", off the record" : ""}${where}`;
}

function ago(at: string): string {
  const seconds = Math.max(0, (Date.now() - Date.parse(at)) / 1000);
  if (seconds < 60) return `${seconds.toFixed(0)} s ago`;
  if (seconds < 3600) return `${(seconds / 60).toFixed(0)} min ago`;
  return `${(seconds / 3600).toFixed(0)} h ago`;
}
