import { parse } from "./args.ts";
import { type Examined, examine } from "./kit/doctor.ts";
import { type Ink, inkOf } from "./kit/ink.ts";

export const help = `
Usage: polaris doctor [--fix] [--json]

Looks at everything that recording needs on this machine and says, one line each, what is wrong and what to
do about it: folders and permissions, hooks and skill, status line, settings that forbid hooks, the recorder
and its service, journal and spool, sign-in, server, clock, transcript format, version.

Exit code 0 when all is well, 1 when something is left to do.

Options:
  --fix     repair what can be repaired without you
  --json    print the findings as JSON

Examples:
  polaris doctor
  polaris doctor --fix
`;

export async function run(args: string[]): Promise<void> {
  const { values } = parse({
    args,
    options: {
      fix: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const findings = await examine(values.fix);
  const wrong = findings.filter(({ state }) => state === "wrong").length;
  if (wrong > 0) process.exitCode = 1;
  if (values.json) return void console.log(JSON.stringify({ healthy: wrong === 0, findings }));
  const ink = inkOf(process.stdout);
  for (const finding of findings) console.log(drawn(finding, ink));
  if (wrong > 0 && !values.fix) console.log("\npolaris doctor --fix repairs what it can.");
}

function drawn({ check, state, says, fix, fixed }: Examined, ink: Ink): string {
  const name = check.padEnd(13);
  if (fixed !== undefined) return `${ink.green("✓")} ${name} ${says} — repaired: ${fixed}`;
  if (state === "ok") return `${ink.green("✓")} ${name} ${says}`;
  const sign = state === "wrong" ? ink.red("✗") : ink.dim("○");
  return `${sign} ${name} ${says}${fix ? ` — ${fix}` : ""}`;
}
