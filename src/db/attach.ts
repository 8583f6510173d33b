import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { PolarisError } from "../wire/error.ts";
import type { Connection } from "./embedded.ts";
import { running } from "./postmaster.ts";
import { PORT } from "./socket.ts";

/** The PostgreSQL that the server of this data directory runs, for another process of Polaris on the same machine. */
export function attach(dataDir: string): Connection {
  const folder = resolve(dataDir);
  const note = join(folder, "database.location");
  const home = existsSync(note) ? readFileSync(note, "utf8").trim() : folder;
  const found = existsSync(join(home, "cluster")) ? running(join(home, "cluster")) : undefined;
  if (!found?.isReady) {
    throw new PolarisError("database_unavailable", `No server is running on ${folder}.`, {
      hint: "Start it (polaris serve), or say with DATABASE_URL where the database is.",
    });
  }
  const password = readFileSync(join(folder, "database.password"), "utf8").trim();
  const { socket } = found;
  return { host: socket, port: PORT, username: "postgres", password, database: "postgres" };
}
