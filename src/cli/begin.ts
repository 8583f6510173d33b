import { existsSync } from "node:fs";
import { paths } from "../machine/paths.ts";
import { COMMANDS } from "./commands.ts";
import { planInstall } from "./kit/install.ts";
import { run as status } from "./status.ts";

/** `polaris` alone: sets up what is missing on this machine and signs in; when nothing is, tells how it stands. */
export async function begin(): Promise<void> {
  const missing = await whatIsMissing();
  if (missing.length === 0) return await status([]);
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    console.log("Missing on this machine:");
    for (const { what, command } of missing) console.log(`  ${what.padEnd(36)} ${command}`);
    console.log("\npolaris --help lists all commands.");
    return;
  }
  for (const { name } of missing) await (await COMMANDS[name].load()).run([]);
}

interface Missing {
  name: "install" | "login";
  what: string;
  command: string;
}

async function whatIsMissing(): Promise<Missing[]> {
  const plan = await planInstall({ statusLine: true, service: true });
  const place = paths();
  const missing: Missing[] = [];
  if (plan.plugin.length > 0 || plan.statusLine || plan.service) {
    const what = "hooks, status line, recorder";
    missing.push({ name: "install", what, command: "polaris install" });
  }
  if (!existsSync(place.credentials)) {
    missing.push({ name: "login", what: "a sign-in", command: "polaris login" });
  }
  return missing;
}
