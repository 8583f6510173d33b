import { ServerStatus } from "../../wire/server-status.ts";
import { askRunning } from "../running.ts";
import { type Ink, inkOf } from "./ink.ts";

/** `polaris status --server`. */
export async function serverStatus(dataDir: string, json: boolean): Promise<void> {
  const status = ServerStatus.parse(await askRunning(dataDir, "/status"));
  if (json) return void console.log(JSON.stringify(status));
  for (const [name, text] of report(status, inkOf(process.stdout))) {
    console.log(`${name.padEnd(9)} ${text}`);
  }
}

function* report(status: ServerStatus, ink: Ink): Generator<[string, string]> {
  const { backlog, outbox, database, backup, connections, injections } = status;
  const hours = (status.uptimeSeconds / 3600).toFixed(1);
  yield ["Server", `${status.version}, up ${hours} h, ${mb(status.memoryBytes)}`];
  yield ["Open", `${connections.requests} requests, ${connections.sockets} WebSockets`];
  yield ["Sessions", states(status.sessions)];
  const { search, slack } = backlog;
  yield ["Search", waiting(search, ink)];
  if (slack.events > 0) yield ["Slack", waiting(slack, ink)];
  if (outbox.depth > 0) {
    yield ["", waiting({ events: outbox.depth, seconds: outbox.seconds }, ink, "messages")];
  }
  if (Object.keys(injections).length > 0) yield ["Advice", states(injections)];
  const { bytes, connections: open, maxConnections, roundTripSeconds } = database;
  const trip = `${(roundTripSeconds * 1000).toFixed(1)} ms`;
  yield ["Database", `${mb(bytes)}, ${open} of ${maxConnections} connections, answers in ${trip}`];
  if (!backup) yield ["Backup", ink.amber("none by itself: set POLARIS_BACKUP_TO")];
  else {
    const last = backup.lastAt ? `${backup.lastAt}, ${mb(backup.bytes)}` : "none yet";
    const failed = backup.failures > 0 ? ink.red(`, ${backup.failures} failed`) : "";
    yield ["Backup", `${last}${failed}`];
  }
}

const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;

const states = (counts: Record<string, number>): string =>
  Object.entries(counts)
    .map(([state, count]) => `${count} ${state.replace("_", " ")}`)
    .join(", ") || "none";

function waiting(
  { events, seconds }: { events: number; seconds: number },
  ink: Ink,
  what = "events",
) {
  if (events === 0) return "up to date";
  const text = `${events} ${what} behind, for ${seconds.toFixed(1)} s`;
  return seconds > 30 ? ink.amber(text) : text;
}
