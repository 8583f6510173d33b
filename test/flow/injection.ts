import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../helpers/service.ts";
import { run, startWorld } from "./advising.ts";
import { HARD } from "./hard.ts";
import type { Outcome } from "./sending.ts";
import { ROWS } from "./states.ts";

/**
 * `bun test/flow/injection.ts [words of a state] [--write]`: advice to the real Claude Code in every state. Prints the
 * table, and writes it into docs/injection.md; fails where a state is not as its row says.
 */
const args = process.argv.slice(2);
const wanted = args.filter((arg) => arg !== "--write").join(" ");
const lines = [
  "| state | way | delivered | in the model | seen | what the sender is told |",
  "|---|---|---|---|---|---|",
];
let wrong = 0;
await using world = await startWorld();
for (const row of [...ROWS, ...HARD].filter(({ state }) => state.includes(wanted))) {
  try {
    const outcome = await run(world, row);
    const fault = faultOf(outcome);
    if (fault) wrong++;
    lines.push(lineOf(outcome));
    console.log(lines.at(-1), fault ?? "");
  } catch (error) {
    wrong++;
    console.log(row.state, error);
  }
}
if (args.includes("--write") && wrong === 0) {
  const path = join(root, "docs/injection.md");
  const table = `<!-- table -->\n${lines.join("\n")}\n<!-- end -->`;
  const text = readFileSync(path, "utf8");
  writeFileSync(
    path,
    text.replace(/<!-- table -->[\s\S]*<!-- end -->/, () => table),
  );
}
process.exitCode = wrong === 0 ? 0 : 1;

function faultOf(outcome: Outcome): string | undefined {
  const { row, copies, route, receipts, entries, inOrder, failedMs } = outcome;
  if (row.route === "none") {
    if (copies.join() !== "0" || entries.length !== 0) return "it was read";
    return failedMs === undefined || failedMs > 30_000 ? "its sender was not told" : undefined;
  }
  if (copies.join() !== "1") return `${copies} copies`;
  if (entries.length !== (row.count ?? 1)) return `recorded ${entries.length} times`;
  if (entries.some(({ body }) => body.origin !== "injected")) return "recorded as a prompt";
  if (!inOrder) return "not in order";
  const isSeen = receipts.every((one) => one.at(-1) === "seen");
  return route === row.route && isSeen ? undefined : `${route}: ${receipts.join(" / ")}`;
}

function lineOf({
  row,
  deliveredMs,
  modelMs,
  seenMs,
  failedMs,
  reason,
  receipts,
}: Outcome): string {
  const told = failedMs === undefined ? (receipts[0] ?? []).join(", ") : `not delivered: ${reason}`;
  const way = row.route === "none" ? "–" : row.route;
  const cells = [row.state, way, deliveredMs, modelMs, seenMs ?? failedMs, told].map((cell) =>
    typeof cell === "number" ? `${(cell / 1000).toFixed(2)} s` : (cell ?? "–"),
  );
  return `| ${cells.join(" | ")} |`;
}
