import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../helpers/service.ts";
import { type Outcome, ROWS, run, startWorld } from "./states.ts";

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
for (const row of ROWS.filter(({ state }) => state.includes(wanted))) {
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

function faultOf({ row, copies, route, receipts, entries, failedMs }: Outcome): string | undefined {
  if (row.route === "none") {
    if (copies !== 0 || entries.length !== 0) return "it was read";
    return failedMs === undefined || failedMs > 30_000 ? "its sender was not told" : undefined;
  }
  if (copies !== 1) return `${copies} copies`;
  if (entries.length !== 1) return `recorded ${entries.length} times`;
  if (entries.some(({ body }) => body.origin !== "injected")) return "recorded as a prompt";
  return route === row.route && receipts.at(-1) === "seen" ? undefined : `${route}: ${receipts}`;
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
  const told = failedMs === undefined ? receipts.join(", ") : `not delivered: ${reason}`;
  const way = row.route === "none" ? "–" : row.route;
  const cells = [row.state, way, deliveredMs, modelMs, seenMs ?? failedMs, told].map((cell) =>
    typeof cell === "number" ? `${(cell / 1000).toFixed(2)} s` : (cell ?? "–"),
  );
  return `| ${cells.join(" | ")} |`;
}
