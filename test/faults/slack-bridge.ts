/** A bridge as a process of its own, to be killed: quicker than Slack allows, and saying everything. */
import { startDoorbell } from "../../src/core/doorbell.ts";
import { startFeed } from "../../src/core/feed.ts";
import { slackOf } from "../../src/core/slack-apps.ts";
import { attach } from "../../src/db/attach.ts";
import { connect } from "../../src/db/db.ts";
import { startLog } from "../../src/lib/log.ts";
import { untilAskedToStop } from "../../src/lib/shutdown.ts";
import { startBridge } from "../../src/slack/bridge.ts";
import { plain } from "../helpers/plain.ts";
import { KEYS } from "../helpers/slack.ts";

const log = startLog("bridge");
await using db = await connect(attach(process.argv[2] ?? ""), { max: 8 });
await using feed = startFeed(db, log);
await using bell = await startDoorbell(db, feed, log);
await using _bridge = startBridge({
  db,
  feed,
  bell,
  log,
  keys: KEYS,
  settings: slackOf(process.env),
  publicUrl: "http://localhost:4321",
  speak: plain,
  pace: 8,
  timings: { pingMs: 400, deadAfterMs: 1500, drainMs: 300 },
});
console.log("ready");
await untilAskedToStop();
