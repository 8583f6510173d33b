import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** What of a settings file decides whether our hooks and status line run at all. */
const Rules = z.looseObject({
  allowManagedHooksOnly: z.unknown().optional(),
  disableAllHooks: z.unknown().optional(),
});

/** Where an organisation's administrator puts what nobody may override. */
export function managedFolder(): string {
  if (process.env.POLARIS_MANAGED_SETTINGS) return process.env.POLARIS_MANAGED_SETTINGS;
  return process.platform === "darwin"
    ? "/Library/Application Support/ClaudeCode"
    : "/etc/claude-code";
}

/** Each setting that keeps Claude Code from running our hooks, as a sentence. */
export function forbidden(claude: string, folder = managedFolder()): string[] {
  const managed = [join(folder, "managed-settings.json"), ...dropIns(folder)];
  const own = [join(claude, "settings.json"), join(claude, "settings.local.json")];
  return [
    ...managed
      .filter((file) => rules(file).allowManagedHooksOnly === true)
      .map((file) => `${file} sets allowManagedHooksOnly: only your administrator's hooks run`),
    ...[...managed, ...own]
      .filter((file) => rules(file).disableAllHooks === true)
      .map((file) => `${file} sets disableAllHooks: no hook and no status line runs`),
  ];
}

function dropIns(folder: string): string[] {
  const at = join(folder, "managed-settings.d");
  try {
    return readdirSync(at)
      .filter((name) => name.endsWith(".json"))
      .map((name) => join(at, name));
  } catch {
    return [];
  }
}

function rules(file: string): z.infer<typeof Rules> {
  try {
    return Rules.safeParse(JSON.parse(readFileSync(file, "utf8"))).data ?? {};
  } catch {
    return {};
  }
}
