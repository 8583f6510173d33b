import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stop } from "../../src/db/postmaster.ts";

/**
 * A folder that goes away with its test. Others may pass through it: PostgreSQL runs as another user when the tests
 * run as root. A database that a test left running in it (after a kill -9, say) is stopped first.
 */
export function temporary(name = "polaris-test-") {
  const path = mkdtempSync(join(tmpdir(), name));
  chmodSync(path, 0o711);
  return {
    path,
    async [Symbol.asyncDispose]() {
      for (const file of readdirSync(path, { recursive: true })) {
        if (!String(file).endsWith("postmaster.pid")) continue;
        const [pid, , , , socket = ""] = readFileSync(join(path, String(file)), "utf8").split("\n");
        if (Number(pid) > 1) await stop({ pid: Number(pid), socket, isReady: true });
      }
      rmSync(path, { recursive: true, force: true });
    },
  };
}
