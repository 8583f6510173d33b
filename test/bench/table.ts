import type { Result, Row } from "./lib.ts";

const HEAD = ["what", "floor", "ours", "ratio", "median", "p99", "target", ""];

/** What people read: aligned columns, then what needs a sentence. */
export function table(results: readonly Result[]): string {
  const rows = results.filter((result) => "ours" in result);
  const lines = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  const text = lines.map((line) =>
    line
      .map((cell, at) =>
        at === 0 || at > 5 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
  const notes = rows.filter(({ note }) => note).map(({ name, note }) => `  ${name}: ${note}`);
  const skipped = results
    .filter((result) => "skipped" in result)
    .map(({ name, skipped }) => `  ${name}: not measured: ${skipped}`);
  return [...text, "", ...notes, ...skipped].join("\n").trimEnd();
}

function cells({ name, unit, ours, floor, p50, p99, target, pass }: Row): string[] {
  return [
    name,
    floor === undefined ? "" : number(floor),
    `${number(ours)} ${unit}`,
    floor === undefined ? "" : (ours / floor).toFixed(2),
    p50 === undefined ? "" : `${number(p50)}`,
    p99 === undefined ? "" : `${number(p99)}`,
    target,
    pass === undefined ? "" : pass ? "pass" : "FAIL",
  ];
}

function number(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value >= 1000) return Math.round(value).toLocaleString("en");
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}
