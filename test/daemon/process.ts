import { startDaemon } from "../../src/daemon/daemon.ts";
import { startLog } from "../../src/lib/log.ts";
import { untilAskedToStop } from "../../src/lib/shutdown.ts";
import { tiny } from "./agent.ts";

/** The recorder as its own process, with the small agent: what tests kill. */
const asked = untilAskedToStop();
const [home = ""] = process.argv.slice(2);
try {
  await using daemon = await startDaemon({ home, agents: [tiny], log: startLog("daemon") });
  console.log(JSON.stringify({ ready: true, socket: daemon.place.socket, pid: process.pid }));
  await asked;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
