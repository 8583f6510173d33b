/** A stand-in for `polaris serve`, to be killed: holds the data directory and its database until it is ended. */
import { startEmbedded } from "../../src/db/embedded.ts";
import { lockDataDir } from "../../src/db/lock.ts";
import { silent } from "../../src/lib/log.ts";

const [dataDir = ""] = process.argv.slice(2);
const progress: string[] = [];
try {
  lockDataDir(dataDir);
  const log = { ...silent };
  const database = await startEmbedded({ dataDir, log, progress: (line) => progress.push(line) });
  console.log(JSON.stringify({ pid: database.pid(), connection: database.connection, progress }));
  setInterval(() => {}, 60_000);
} catch (error) {
  const code = error instanceof Error && "code" in error ? error.code : String(error);
  const message = error instanceof Error ? error.message : "";
  console.log(JSON.stringify({ code, message }));
  process.exit(1);
}
