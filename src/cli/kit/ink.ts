/** Colour for people at a terminal, and only there (https://no-color.org). Never the only carrier of a meaning. */
export interface Ink {
  green(text: string): string;
  red(text: string): string;
  amber(text: string): string;
  dim(text: string): string;
}

export function inkOf({ isTTY }: { isTTY?: boolean }): Ink {
  const isPlain = !isTTY || Boolean(process.env.NO_COLOR) || process.env.TERM === "dumb";
  const paint = (code: number) => (text: string) =>
    isPlain ? text : `\u001b[${code}m${text}\u001b[0m`;
  return { green: paint(32), red: paint(31), amber: paint(33), dim: paint(2) };
}
