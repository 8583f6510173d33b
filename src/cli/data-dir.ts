import { homedir } from "node:os";
import { join } from "node:path";

/** Where a server's data is, when no --data-dir says so. */
export function dataDirOf(env: Record<string, string | undefined>): string {
  if (env.POLARIS_DATA_DIR) return env.POLARIS_DATA_DIR;
  return join(env.POLARIS_HOME ?? join(homedir(), ".polaris"), "server");
}
