import { PolarisError } from "../wire/error.ts";

const DAY_MS = 86_400_000;

/** `2026-11-20` (its beginning or its end, UTC), `7d` (as long ago), or a moment. */
export function momentOf(text: string | undefined, edge: "begin" | "end"): Date | undefined {
  if (!text) return undefined;
  const ago = /^(\d{1,4})([hdw])$/.exec(text);
  if (ago) {
    const each = { h: DAY_MS / 24, d: DAY_MS, w: 7 * DAY_MS }[ago[2] ?? "d"] ?? DAY_MS;
    return new Date(Date.now() - Number(ago[1]) * each);
  }
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) {
    throw new PolarisError("invalid_input", `"${text.slice(0, 40)}" is no day.`, {
      hint: "Write 2026-11-20, a moment (2026-11-20T16:00:00Z), or 12h, 7d, 4w for as long ago.",
    });
  }
  return new Date(isDay && edge === "end" ? at + DAY_MS : at);
}
