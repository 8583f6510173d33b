import { cut } from "./safe.ts";

/** A phone shows about 40 characters of fixed width, a window about 100: wider tables would wrap into noise. */
const WIDE = 90;
const CELL = 40;

/**
 * Tables of Markdown as everybody can read them: columns aligned in a block of fixed width; one that is too wide becomes
 * a list with a line for each cell. Slack's `markdown` block shows the pipes of a table on some clients.
 */
export function tables(text: string): string {
  const lines = text.split("\n");
  const out: string[] = [];
  let fence: string | undefined;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (mark && !fence) fence = mark;
    else if (mark && fence && mark.startsWith(fence)) fence = undefined;
    if (fence || !isRow(line) || !isRule(lines[at + 1] ?? "")) {
      out.push(line);
      continue;
    }
    let end = at + 2;
    while (end < lines.length && isRow(lines[end] ?? "")) end++;
    out.push(...drawn(cellsOf(line), lines.slice(at + 2, end).map(cellsOf)));
    at = end - 1;
  }
  return out.join("\n");
}

const isRow = (line: string): boolean => line.includes("|") && line.trim().length > 1;
const isRule = (line: string): boolean =>
  line.includes("-") && line.includes("|") && /^[\s|:-]+$/.test(line);

const cellsOf = (line: string): string[] =>
  line
    .trim()
    .replace(/^\||(?<!\\)\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));

function drawn(head: string[], rows: string[][]): string[] {
  const plain = (cell: string) => cell.replace(/[*`]|\[([^\]]*)\]\([^)]*\)/g, "$1");
  const all = [head, ...rows].map((row) => head.map((_, at) => plain(row[at] ?? "")));
  const widths = head.map((_, at) => Math.max(1, ...all.map((row) => widthOf(row[at] ?? ""))));
  const width = widths.reduce((sum, each) => sum + each + 2, 0);
  if (width > WIDE || widths.some((each) => each > CELL)) return listed(head, rows);
  const [title = [], ...body] = all.map((row) =>
    row.map((cell, at) => cell + " ".repeat((widths[at] ?? 0) - widthOf(cell))),
  );
  const rule = widths.map((each) => "─".repeat(each));
  return ["```", ...[title, rule, ...body].map((row) => row.join("  ").trimEnd()), "```"];
}

const listed = (head: string[], rows: string[][]): string[] =>
  rows.flatMap(([first = "", ...rest]) => [
    `- **${first || head[0]}**`,
    ...rest.map((cell, at) => `  - ${head[at + 1] ?? ""}: ${cut(cell, 500)}`),
  ]);

const widthOf = (text: string): number => Bun.stringWidth(text);
