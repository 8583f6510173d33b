import { rules } from "@secretlint/secretlint-rule-preset-recommend";
import { z } from "zod";
import type { Span } from "./span.ts";

/**
 * Secretlint's recommended rules, a second net below our own: they follow the issuers' changes by an update of the
 * package. Their engine reads 26 MB/s in strings as an event holds them, so it reads only lines that a mark stands on;
 * and it is called rule by rule, because its own front door answers with promises.
 */
const Rule = z.object({
  meta: z.object({ id: z.string() }),
  create: z.custom<(context: Context, options: object) => { file?: (source: Source) => unknown }>(
    (value) => typeof value === "function",
  ),
});

interface Context {
  createTranslator: () => (id: string) => { message: string; messageId: string; data: object };
  report: (found: { range: readonly [number, number] }) => void;
  ignore: () => void;
}

interface Source {
  filePath: undefined;
  ext: string;
  contentType: "text";
  content: string;
  hasBOM: boolean;
}

/** Whole files, comments that switch rules off, and what our own rules cut out more finely (a URL's password alone). */
export const NOT_RUN = new Set(
  ["gcp", "filter-comments", "basicauth", "database-connection-string", "privatekey"].map(
    (name) => `@secretlint/secretlint-rule-${name}`,
  ),
);

/** A longer line is read around its marks only: two of their patterns look 128 characters ahead from each of 128. */
const AROUND = 4_096;

interface Running {
  kind: string;
  file: (source: Source) => unknown;
}

export const RULES = z.array(Rule).parse(rules);

export function startEngine(): (text: string, mark: RegExp) => Span[] {
  let found: Span[] = [];
  let running: Running[] | undefined;

  function load(): Running[] {
    return RULES.filter(({ meta }) => !NOT_RUN.has(meta.id)).flatMap(({ meta, create }) => {
      const kind = meta.id.replace(/^.*secretlint-rule-/, "");
      const context: Context = {
        createTranslator: () => (id) => ({ message: id, messageId: id, data: {} }),
        report: ({ range: [from, to] }) => void found.push({ kind, from, to }),
        ignore() {},
      };
      const { file } = create(context, {});
      return file ? [{ kind, file }] : [];
    });
  }

  return (text, mark) => {
    running ??= load();
    const spans: Span[] = [];
    for (const [from, to] of stretches(text, mark)) {
      found = [];
      const content = text.slice(from, to);
      const source: Source = {
        filePath: undefined,
        ext: "",
        contentType: "text",
        content,
        hasBOM: false,
      };
      for (const { file } of running) file(source);
      for (const span of found) {
        spans.push({ kind: span.kind, from: span.from + from, to: span.to + from });
      }
    }
    return spans;
  };
}

/** The lines with a mark on them, long ones cut to what stands around it; neighbours become one. */
function stretches(text: string, mark: RegExp): [number, number][] {
  const out: [number, number][] = [];
  const every = new RegExp(mark.source, "g");
  for (let match = every.exec(text); match; match = every.exec(text)) {
    const line = text.lastIndexOf("\n", match.index) + 1;
    const end = text.indexOf("\n", match.index);
    const from = Math.max(line, match.index - AROUND / 4);
    const to = Math.min(end === -1 ? text.length : end, match.index + AROUND);
    const last = out.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else out.push([from, to]);
    every.lastIndex = Math.max(to, match.index + 1);
  }
  return out;
}
