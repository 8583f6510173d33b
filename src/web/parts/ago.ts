const STEPS = [
  [60, "s"],
  [60, "min"],
  [24, "h"],
  [30, "d"],
  [12, "mo"],
] as const;

/** `now`, `12 s ago`, `3 h ago`. Takes the present as an argument: server and browser must print the same. */
export function ago(at: string, now: number): string {
  let value = Math.max(0, Math.floor((now - Date.parse(at)) / 1000));
  if (Number.isNaN(value)) return "";
  if (value < 5) return "now";
  for (const [size, unit] of STEPS) {
    if (value < size) return `${value} ${unit} ago`;
    value = Math.floor(value / size);
  }
  return `${value} y ago`;
}
