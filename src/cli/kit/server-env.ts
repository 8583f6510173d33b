import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isRoot } from "../../db/owner.ts";
import { writeAtomic } from "../../lib/file.ts";
import { dataDirOf } from "../data-dir.ts";

/** What `polaris setup` decided, beside the data it is about: NAME=value, read by every command that works there. */
export const envPath = (dataDir: string): string => join(dataDir, "server.env");

export function readEnv(dataDir: string): Record<string, string> {
  const path = envPath(dataDir);
  if (!existsSync(path)) return {};
  const found: Record<string, string> = {};
  for (const line of readFileSync(path, "utf8").split("\n")) {
    const [, name, value = ""] = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line.trim()) ?? [];
    if (name) found[name] = value.startsWith('"') ? unquoted(value) : value;
  }
  return found;
}

export function writeEnv(dataDir: string, values: Record<string, string>): void {
  const lines = Object.entries(values).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const head =
    "# Written by polaris setup, read by polaris serve; what the environment says goes before it.";
  writeAtomic(envPath(dataDir), `${[head, ...lines].join("\n")}\n`);
}

/** Fills in what the environment does not say, before a command reads it. Answers the data directory. */
export function configure(args: string[], env = process.env): string {
  const at = args.indexOf("--data-dir");
  const given = args.find((arg) => arg.startsWith("--data-dir="))?.slice("--data-dir=".length);
  const dataDir = (at >= 0 ? args[at + 1] : given) || dataDirOf(env);
  for (const [name, value] of Object.entries(readEnv(dataDir))) env[name] ??= value;
  return dataDir;
}

/** Where a server's data goes when nobody said: the system's own place for root. */
export function defaultDataDir(env = process.env): string {
  if (!env.POLARIS_DATA_DIR && !env.POLARIS_HOME && isRoot()) return "/var/lib/polaris";
  return dataDirOf(env);
}

function unquoted(value: string): string {
  try {
    return String(JSON.parse(value));
  } catch {
    return value.slice(1, -1);
  }
}
