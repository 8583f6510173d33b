import { lock } from "../../src/daemon/lock.ts";
import { listen } from "../../src/daemon/socket.ts";
import { makeFolders, paths } from "../../src/machine/paths.ts";

/** A recorder of an earlier version: holds the lock and the socket, and answers with its old number. */
const [home = ""] = process.argv.slice(2);
const place = paths(home);
makeFolders(place);
const held = lock(place);
const status = () =>
  Response.json({
    pid: process.pid,
    version: "0.0.1",
    home,
    startedAt: new Date().toISOString(),
    server: { url: "", state: "waiting", error: null, since: "", ackedAt: null },
    profiles: [],
    elsewhere: 0,
    unchecked: { events: 0, reason: null },
    journal: { pending: 0, refused: 0, refusals: [], mailbox: 0, bytes: 0, error: null },
    spool: 0,
    damaged: 0,
    links: [],
    bindings: [],
    update: null,
  });
const bound = listen(place.socket, { table: {}, other: status });
console.log("ready");
process.on("SIGTERM", async () => {
  await bound[Symbol.asyncDispose]();
  held[Symbol.dispose]();
  process.exit(0);
});
