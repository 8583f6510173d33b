/** Reads fields of an event's body, whose form the agents decide: what does not fit is as if absent. */
export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export const field = {
  number: (value: unknown): number =>
    typeof value === "number" && Number.isFinite(value) ? value : 0,
};

/** What a tool answered, as text: a string, or the texts of a list of content blocks. */
export function said(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) {
    return value
      .map((block) => {
        const { type, text: words } = record(block);
        return typeof words === "string" ? words : `[${text(type) || "data"}]`;
      })
      .join("\n");
  }
  return value === undefined || value === null ? "" : JSON.stringify(value, null, 2);
}

/** The first line that says something. */
export function line(value: string, most = 160): string {
  const first = value.split("\n").find((each) => each.trim()) ?? "";
  return first.length > most ? `${first.slice(0, most)}…` : first.trim();
}
