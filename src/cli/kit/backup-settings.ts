import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PolarisError } from "../../wire/error.ts";

type Env = Record<string, string | undefined>;

/** `POLARIS_BACKUP_*`: what `polaris serve` does by itself, and what `polaris backup` does unless told otherwise. */
export interface BackupSettings {
  to: string;
  everyMs: number;
  keep: number;
  recipient: string | undefined;
}

const HOUR_MS = 3_600_000;
const UNITS: Record<string, number> = { m: 60_000, h: HOUR_MS, d: 24 * HOUR_MS };

/** Undefined: nothing is backed up by itself. */
export function backupSettings(env: Env = process.env): BackupSettings | undefined {
  if (!env.POLARIS_BACKUP_TO) return undefined;
  return {
    to: env.POLARIS_BACKUP_TO,
    everyMs: everyOf(env.POLARIS_BACKUP_EVERY || "1d"),
    keep: keepOf(env.POLARIS_BACKUP_KEEP || "14"),
    recipient: env.POLARIS_BACKUP_RECIPIENT || undefined,
  };
}

export function everyOf(text: string): number {
  const [, count, unit = ""] = /^(\d+)([mhd])$/.exec(text) ?? [];
  const ms = Number(count) * (UNITS[unit] ?? 0);
  if (ms > 0) return ms;
  throw new PolarisError("usage", `"${text}" is no time between backups.`, {
    hint: "Such as 30m, 6h or 1d.",
  });
}

export function keepOf(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1) return count;
  throw new PolarisError("usage", `"${text}" is no number of backups to keep.`, {
    hint: "1 or more.",
  });
}

/** The key of age that opens backups: from the environment, or a file as age-keygen writes it. */
export function identityOf(file: string | undefined, env: Env = process.env): string | undefined {
  const text = file ? readFileSync(file, "utf8") : env.POLARIS_BACKUP_IDENTITY;
  return text
    ?.split("\n")
    .find((line) => line.startsWith("AGE-SECRET-KEY-"))
    ?.trim();
}

/** What the database alone does not hold and a restored server needs to open what it had locked. */
const SECRETS = ["server.secret"];

export function secretsOf(dataDir: string): Record<string, string> {
  const there = SECRETS.filter((name) => existsSync(join(dataDir, name)));
  return Object.fromEntries(
    there.map((name) => [name, readFileSync(join(dataDir, name), "utf8")] as const),
  );
}
