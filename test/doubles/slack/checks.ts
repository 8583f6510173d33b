import type { Json } from "./model.ts";

// ---------------------------------------------------------------- helpers

/** A message without this fake's own bookkeeping. */
export function strip(m: Json): Json {
  return Object.fromEntries(
    Object.entries(m).filter(([k, v]) => !k.startsWith("__") && v !== undefined),
  );
}
/** Streamed text arrives as markdown_text or as chunks of type markdown_text; task chunks carry no text. */
export function streamText(a: Json): string {
  return (
    String(a.markdown_text ?? "") +
    ((a.chunks as Json[] | undefined) ?? [])
      .filter((c) => c.type === "markdown_text")
      .map((c) => c.text)
      .join("")
  );
}
export function safeAtob(s: string): string {
  try {
    return atob(s);
  } catch {
    return "";
  }
}

/** Forms carry JSON for structured arguments; "true"/"false" become booleans, as Slack treats them. */
export function parseArgs(raw: string, type: string, url: URL): Json {
  const out: Json = {};
  const put = (k: string, v: string): void => {
    out[k] =
      v === "true"
        ? true
        : v === "false"
          ? false
          : /^[[{]/.test(v) &&
              !["text", "markdown_text", "initial_comment", "topic", "purpose"].includes(k)
            ? tryJson(v)
            : v;
  };
  for (const [k, v] of url.searchParams) put(k, v);
  if (type.includes("application/json")) {
    const j = raw ? tryJson(raw) : {};
    if (j && typeof j === "object") {
      for (const [k, v] of Object.entries(j as Json))
        out[k] = typeof v === "string" && k === "manifest" ? tryJson(v) : v;
    }
  } else if (raw) for (const [k, v] of new URLSearchParams(raw)) put(k, v);
  return out;
}
export function tryJson(s: string): unknown {
  try {
    return JSON.parse(s);
  } catch {
    return s;
  }
}

/** The Block Kit limits a message builder is most likely to break. */
export function blockProblems(blocks: Json[]): string[] {
  const out: string[] = [];
  const max = (v: unknown, n: number, at: string): void => {
    if (String((v as Json)?.text ?? v ?? "").length > n)
      out.push(`[ERROR] must be less than ${n + 1} characters [json-pointer:${at}]`);
  };
  if (!Array.isArray(blocks)) return ["[ERROR] must be an array [json-pointer:/blocks]"];
  if (blocks.length > 50) out.push("[ERROR] no more than 50 items allowed [json-pointer:/blocks]");
  blocks.forEach((b, i) => {
    const at = `/blocks/${i}`;
    if (typeof b?.type !== "string")
      out.push(`[ERROR] missing required field: type [json-pointer:${at}]`);
    if (String(b?.block_id ?? "").length > 255)
      out.push(`[ERROR] must be less than 256 characters [json-pointer:${at}/block_id]`);
    if (b.type === "section") {
      if (!b.text && !b.fields)
        out.push(`[ERROR] missing required field: text [json-pointer:${at}]`);
      if (b.text) max(b.text, 3000, `${at}/text/text`);
      if (b.text && !String(b.text.text ?? "").length)
        out.push(`[ERROR] must be more than 0 characters [json-pointer:${at}/text/text]`);
      if ((b.fields?.length ?? 0) > 10)
        out.push(`[ERROR] no more than 10 items allowed [json-pointer:${at}/fields]`);
      for (const f of b.fields ?? []) max(f, 2000, `${at}/fields`);
    }
    if (b.type === "header") max(b.text, 150, `${at}/text/text`);
    if (b.type === "context" && (b.elements?.length ?? 0) > 10)
      out.push(`[ERROR] no more than 10 items allowed [json-pointer:${at}/elements]`);
    if (b.type === "actions" && (b.elements?.length ?? 0) > 25)
      out.push(`[ERROR] no more than 25 items allowed [json-pointer:${at}/elements]`);
    for (const [j, e] of ((b.elements ?? []) as Json[]).entries())
      if (e?.type === "button") {
        max(e.text, 75, `${at}/elements/${j}/text/text`);
        max(e.value, 2000, `${at}/elements/${j}/value`);
        max(e.action_id, 255, `${at}/elements/${j}/action_id`);
      }
  });
  return out;
}
