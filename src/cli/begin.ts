import { readable } from "../machine/credentials.ts";
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
  for (const { name } of missing) {
    const args = name === "login" ? where() : [];
    await (await COMMANDS[name].load()).run(args);
  }
}

interface Missing {
  name: "install" | "login";
  what: string;
  command: string;
}

async function whatIsMissing(): Promise<Missing[]> {
  const plan = await planInstall({ statusLine: true, service: true });
  const { current, profiles } = readable(paths().credentials);
  const missing: Missing[] = [];
  if (plan.plugin.length > 0 || plan.statusLine || plan.service) {
    const what = "hooks, status line, recorder";
    missing.push({ name: "install", what, command: "polaris install" });
  }
  const signedIn = current === null ? undefined : profiles[current];
  if (!signedIn || signedIn.signedOut !== undefined) {
    missing.push({ name: "login", what: "a sign-in", command: "polaris login" });
  }
  return missing;
}

/** Which server, when nothing says so: a colleague's address is known to the person alone. */
function where(): string[] {
  const { current, profiles } = readable(paths().credentials);
  if (process.env.POLARIS_SERVICE_URL || (current !== null && profiles[current])) return [];
  const answer = prompt("Which server? (Enter: http://localhost:4321)")?.trim();
  return answer ? ["--url", answer] : [];
}
