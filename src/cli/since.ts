import { PolarisError } from "../wire/error.ts";

const UNITS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** `--since`: `90m`, `36h`, `7d`, `2w`, or a date. */
export function sinceOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const [, count, unit = ""] = /^(\d+)([mhdw])$/.exec(text) ?? [];
  const at = count ? Date.now() - Number(count) * (UNITS[unit] ?? 0) : Date.parse(text);
  if (Number.isFinite(at)) return new Date(at).toISOString();
  throw new PolarisError("usage", `"${text}" is no time.`, {
    hint: "90m, 36h, 7d, 2w, or a date: 2026-11-01.",
  });
}
