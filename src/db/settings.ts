import { spawnSync } from "node:child_process";
import { chmodSync, chownSync } from "node:fs";
import { join } from "node:path";
import { writeAtomic } from "../lib/file.ts";
import type { Owner } from "./owner.ts";

const OURS = `# Written by Polaris at every start. Change postgresql.conf instead: what it says after the include wins.
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = '128MB'
# A client that was killed gives its locks back within this time, also in the middle of a long statement.
client_connection_check_interval = '2s'
timezone = 'UTC'
log_timezone = 'UTC'
# A file for each day of the week, so never more than seven; and never what people wrote: neither statements
# nor the values of a refused row, both of which a plain error log holds.
logging_collector = on
log_directory = 'log'
log_filename = 'postgresql-%w.log'
log_truncate_on_rotation = on
log_rotation_age = '1d'
log_rotation_size = 0
log_min_error_statement = panic
log_error_verbosity = terse
`;

/** The whole of a new cluster's postgresql.conf. It belongs to whoever runs the server and is never written again. */
export const THEIRS = "include 'polaris.conf'\n# Your own settings go below; they win.\n";

/** Writes a file of the cluster, readable by the user that runs it. */
export function save(path: string, text: string, owner: Owner | undefined): void {
  writeAtomic(path, text);
  if (owner) chownSync(path, owner.uid, owner.gid);
  chmodSync(path, 0o600);
}

/**
 * polaris.conf, with lz4 where these programs have it (Debian's do, the packaged ones do not): the only sure way to
 * know is to ask them, 8 ms, because a value they do not know stops the start.
 */
export function configure(cluster: string, postgres: string, owner: Owner | undefined): void {
  const path = join(cluster, "polaris.conf");
  save(path, OURS, owner);
  const lz4 = ["default_toast_compression=lz4", "wal_compression=lz4"];
  const question = ["-D", cluster, "-C", "wal_compression", ...lz4.flatMap((it) => ["-c", it])];
  const { status } = spawnSync(postgres, question, {
    ...owner,
    cwd: "/",
    env: {},
    stdio: "ignore",
  });
  if (status === 0) save(path, `${OURS}${lz4.join("\n")}\n`, owner);
}
