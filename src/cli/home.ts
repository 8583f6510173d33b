/**
 * `$POLARIS_HOME`, or `~/.polaris`: credentials, socket, journal and spool of this machine. Imports nothing:
 * `polaris hook` needs it, and `node:os` with `node:path` would cost that 1 ms of its 7.
 */
export function polarisHome(): string {
  if (process.env.POLARIS_HOME) return process.env.POLARIS_HOME;
  return `${process.env.HOME || process.getBuiltinModule("node:os").homedir()}/.polaris`;
}

/** Takes `--polaris-home DIR` off the front: hooks and MCP servers are started without our environment. */
export function homed(argv: string[]): string[] {
  const [option, home, ...rest] = argv;
  if (option !== "--polaris-home" || !home) return argv;
  process.env.POLARIS_HOME = home;
  return rest;
}
