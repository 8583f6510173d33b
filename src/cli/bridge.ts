import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { startDoorbell } from "../core/doorbell.ts";
import { startFeed } from "../core/feed.ts";
import { slackOf } from "../core/slack-apps.ts";
import { attach } from "../db/attach.ts";
import { connect, open, type Place } from "../db/db.ts";
import { migrate } from "../db/migrate.ts";
import { startLog } from "../lib/log.ts";
import { untilAskedToStop } from "../lib/shutdown.ts";
import { loadKeys } from "../server/keys.ts";
import { startBridge } from "../slack/bridge.ts";
import { parse } from "./args.ts";
import { dataDirOf } from "./data-dir.ts";
import { configure } from "./kit/server-env.ts";
import { VERSION } from "./version.ts";

export const help = `
Run the Slack bridge alone. "polaris serve" has one inside (unless --no-bridge); any number of them may run, and for
each workspace one of them posts. When it dies another takes over within seconds.

Usage: polaris bridge [--data-dir DIR] [--json]

It works on DATABASE_URL, or else on the database of the server that runs on this machine with this data directory.

  --data-dir DIR   of that server (POLARIS_DATA_DIR, default ~/.polaris/server)
  --json           one line of JSON when ready, then logs on standard error

  SLACK_CLIENT_ID, SLACK_CLIENT_SECRET, SLACK_APP_TOKEN   the server's own Slack app; organisations may bring theirs
  SLACK_API_URL                                           another Slack: a double, a proxy
  POLARIS_SECRET       the same as the server's, where it does not come from the data directory
  POLARIS_PUBLIC_URL   the address people use, for links

Examples:
  polaris bridge
  DATABASE_URL=postgres://polaris@db.internal/polaris polaris bridge
`;

export async function run(args: string[]): Promise<void> {
  configure(args);
  const { values } = parse({
    args,
    options: {
      "data-dir": { type: "string", default: dataDirOf(process.env) },
      json: { type: "boolean", default: false },
    },
  });
  const dataDir = values["data-dir"];
  const log = startLog("bridge");
  const url = process.env.DATABASE_URL;
  const place: Place = url ? { url } : attach(dataDir);
  const owners = open(place, { max: 1 });
  try {
    await migrate(owners, { log });
  } finally {
    await owners.close({ timeout: 5 });
  }
  await using db = await connect(place, { max: 8 });
  await using feed = startFeed(db, log);
  await using bell = await startDoorbell(db, feed, log);
  const keys = loadKeys(dataDir);
  const publicUrl = publicUrlOf(dataDir);
  const settings = slackOf(process.env);
  await using _bridge = startBridge({ db, feed, bell, log, keys, settings, publicUrl });
  if (values.json) console.log(JSON.stringify({ ready: true, version: VERSION }));
  else console.log(`Polaris ${VERSION} bridges to Slack. Stop it with Ctrl-C.`);
  await untilAskedToStop();
}

const Note = z.object({ url: z.string() });

function publicUrlOf(dataDir: string): string {
  const given = process.env.POLARIS_PUBLIC_URL;
  if (given) return given.replace(/\/+$/, "");
  const note = join(dataDir, "server.json");
  if (!existsSync(note)) return "http://localhost:4321";
  return Note.parse(JSON.parse(readFileSync(note, "utf8"))).url;
}
