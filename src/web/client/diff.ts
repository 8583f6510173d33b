/** The change of an edit, as lines: from the agent's own patch where it gives one, else from old and new text. */
import { field, list, record, text } from "./field.ts";

export interface DiffLine {
  sign: "+" | "-" | " " | "@";
  text: string;
}

export interface Diff {
  added: number;
  removed: number;
  lines: DiffLine[];
}

/** Undefined when the tool changed no text. */
export function diffOf(input: unknown, structured: unknown): Diff | undefined {
  const patch = list(record(structured).structuredPatch);
  if (patch.length) return summed(patch.flatMap(hunk));
  const { old_string, new_string, content, edits } = record(input);
  if (Array.isArray(edits)) {
    return summed(
      edits.flatMap((edit) => replaced(record(edit).old_string, record(edit).new_string)),
    );
  }
  if (typeof new_string === "string") return summed(replaced(old_string, new_string));
  if (typeof content === "string") return summed(replaced("", content));
  return undefined;
}

function hunk(value: unknown): DiffLine[] {
  const { oldStart, newStart, lines } = record(value);
  const head: DiffLine = {
    sign: "@",
    text: `line ${field.number(newStart) || field.number(oldStart)}`,
  };
  return [head, ...list(lines).map((each) => line(text(each)))];
}

function line(value: string): DiffLine {
  const sign = value[0];
  return sign === "+" || sign === "-"
    ? { sign, text: value.slice(1) }
    : { sign: " ", text: value.slice(1) };
}

/** Common lines at both ends stand as context; what lies between is removed and added whole. */
function replaced(before: unknown, after: unknown): DiffLine[] {
  const old = rows(text(before));
  const fresh = rows(text(after));
  let head = 0;
  while (head < old.length && head < fresh.length && old[head] === fresh[head]) head++;
  let tail = 0;
  while (
    tail < Math.min(old.length, fresh.length) - head &&
    old[old.length - 1 - tail] === fresh[fresh.length - 1 - tail]
  ) {
    tail++;
  }
  const as = (sign: DiffLine["sign"]) => (value: string) => ({ sign, text: value });
  return [
    ...fresh.slice(0, head).map(as(" ")),
    ...old.slice(head, old.length - tail).map(as("-")),
    ...fresh.slice(head, fresh.length - tail).map(as("+")),
    ...fresh.slice(fresh.length - tail).map(as(" ")),
  ];
}

const rows = (value: string): string[] =>
  value === "" ? [] : value.replace(/\n$/, "").split("\n");

function summed(lines: DiffLine[]): Diff {
  return {
    added: lines.filter(({ sign }) => sign === "+").length,
    removed: lines.filter(({ sign }) => sign === "-").length,
    lines,
  };
}
