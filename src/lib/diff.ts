/** The lines that differ, with their signs and two lines around them. One changed place is all a settings edit has. */
export function lineDiff(before: string, after: string): string {
  const [old, now] = [lines(before), lines(after)];
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head++;
  let tail = 0;
  while (
    tail < old.length - head &&
    tail < now.length - head &&
    old[old.length - 1 - tail] === now[now.length - 1 - tail]
  ) {
    tail++;
  }
  const sign = (mark: string, list: string[]) => list.map((line) => `${mark}${line}`);
  return [
    ...sign(" ", old.slice(Math.max(0, head - 2), head)),
    ...sign("-", old.slice(head, old.length - tail)),
    ...sign("+", now.slice(head, now.length - tail)),
    ...sign(" ", old.slice(old.length - tail, old.length - tail + 2)),
  ].join("\n");
}

const lines = (text: string): string[] => (text === "" ? [] : text.replace(/\n$/, "").split("\n"));
