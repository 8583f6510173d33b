import { homedir } from "node:os";
import { join } from "node:path";

/** `$POLARIS_HOME`, or `~/.polaris`: credentials, socket, journal and spool of this machine. */
export const polarisHome = (): string => process.env.POLARIS_HOME || join(homedir(), ".polaris");
