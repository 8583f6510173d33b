import { AGENTS } from "../agents/index.ts";
import { startDaemon } from "../daemon/daemon.ts";
import { startLog } from "../lib/log.ts";
import { untilAskedToStop } from "../lib/shutdown.ts";
import { parse } from "./args.ts";

export const help = `
Runs this machine's recorder: takes what coding agents' hooks say, reads their transcripts, keeps both
safe in a journal and sends them to the server. One per machine; it logs to standard error.

Usage: polaris daemon [--polaris-home DIR] [--json]

Options:
  --polaris-home DIR   where journal, socket and credentials lie (default: $POLARIS_HOME or ~/.polaris)
  --json               print {"ready":true,"socket":…,"pid":…} when ready

Examples:
  polaris daemon
  polaris daemon --polaris-home /tmp/trial --json
`;

export async function run(args: string[]): Promise<void> {
  const { values } = parse({
    args,
    options: { "polaris-home": { type: "string" }, json: { type: "boolean" } },
  });
  const home = values["polaris-home"];
  const log = startLog("daemon");
  const asked = untilAskedToStop();
  await using daemon = await startDaemon({
    ...(typeof home === "string" ? { home } : {}),
    agents: AGENTS,
    log,
  });
  const { socket } = daemon.place;
  console.log(
    values.json
      ? JSON.stringify({ ready: true, socket, pid: process.pid })
      : `Recording. Listening on ${socket}`,
  );
  log.info("daemon.stopping", { signal: await asked });
}
