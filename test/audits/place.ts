import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/root.ts";
import { type Polaris, startMachine, startPolaris } from "../helpers/polaris.ts";
import { stopShared } from "../helpers/postgres.ts";

/** One thing that was looked at, and whether it is as it should be. */
export interface Finding {
  page: string;
  what: string;
  found: number | string;
  /** As people read it: `≥ 98`. */
  wanted: string;
  pass: boolean;
}

/** A server with a session of 200 events that a link shows; the pages anybody may open. */
export async function startPlace() {
  await using stack = new AsyncDisposableStack();
  stack.defer(stopShared);
  const polaris: Polaris = stack.use(await startPolaris());
  const machine = startMachine({ project: "shop", name: "checkout" });
  const lines = Array.from({ length: 50 }, (_, n) => [
    machine.line({ text: `Make step ${n} faster, and say how you measured it.` }),
    machine.line({
      kind: "tool.call",
      sender: "agent:claude",
      text: `bun test step-${n}`,
      body: {
        callId: `c${n}`,
        name: "Bash",
        kind: "execute",
        input: { command: `bun test step-${n}` },
      },
    }),
    machine.line({
      kind: "tool.result",
      sender: "agent:claude",
      body: {
        callId: `c${n}`,
        name: "Bash",
        status: "completed",
        output: `${n} pass\n0 fail\n`.repeat(8),
      },
    }),
    machine.line({
      kind: "agent.message",
      sender: "agent:claude",
      text: `Step ${n} takes **${n} ms** now.\n\n- it reads once\n- it writes once\n\n\`\`\`ts\nawait step(${n});\n\`\`\``,
    }),
  ]).flat();
  await polaris.ingest([machine.head(), ...lines]);
  const made = await polaris.post("/projects/shop/sessions/checkout/shares", {});
  const { url } = (await made.json()) as { url: string };
  const owned = stack.move();
  return {
    polaris,
    pages: {
      landing: `${polaris.publicUrl}/`,
      "sign-in": `${polaris.publicUrl}/sign-in`,
      "shared session": url,
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Prints what was found, keeps it under docs/audits/, and ends with 1 when something is not as it should be. */
export async function report(name: string, about: object, findings: Finding[]): Promise<void> {
  for (const { page, what, found, wanted, pass } of findings) {
    console.log(
      `${pass ? "✓" : "✗"} ${page.padEnd(24)} ${what.padEnd(24)} ${String(found).padStart(10)}  ${wanted}`,
    );
  }
  const folder = join(ROOT, "docs/audits");
  mkdirSync(folder, { recursive: true });
  const at = new Date().toISOString();
  const file = join(folder, `${at.slice(0, 10)}-${name}.json`);
  const pass = findings.every((finding) => finding.pass);
  await Bun.write(file, `${JSON.stringify({ at, pass, ...about, findings }, null, 2)}\n`);
  console.log(
    `\n${pass ? "within budget" : "below budget"}: docs/audits/${at.slice(0, 10)}-${name}.json`,
  );
  if (!pass) process.exitCode = 1;
}
