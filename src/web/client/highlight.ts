/**
 * Colours for code, loaded by pages that show some, after they are drawn (about 10 KB). It answers pieces of text with the
 * name of what they are, never markup, so that code stays text.
 */
import * as LANGUAGES from "@speed-highlight/core/languages";
import { type ShjLanguageData, tokenizeWith } from "@speed-highlight/core/tokenize";

/** Its own types are stricter apart than together: `sub?: undefined` is no absent `sub` to our compiler. */
const KNOWN = LANGUAGES as unknown as Record<string, ShjLanguageData>;

const NAMES: Record<string, string> = {
  javascript: "js",
  jsx: "js",
  mjs: "js",
  typescript: "ts",
  tsx: "ts",
  sh: "bash",
  shell: "bash",
  zsh: "bash",
  console: "bash",
  python: "py",
  rust: "rs",
  yml: "yaml",
  golang: "go",
  dockerfile: "docker",
  makefile: "make",
  markdown: "md",
  patch: "diff",
  cpp: "c",
  h: "c",
  svg: "xml",
  jsonc: "json",
  jsonl: "json",
  postgres: "sql",
  postgresql: "sql",
};

export type Piece = readonly [text: string, type: string];

/** Undefined for a language that it does not know. */
export function highlight(text: string, lang: string): Piece[] | undefined {
  const wanted = lang.toLowerCase();
  const name = NAMES[wanted] ?? wanted;
  const language = Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined;
  if (!language) return undefined;
  const pieces: Piece[] = [];
  tokenizeWith(
    text,
    language,
    (piece, type) => {
      if (piece) pieces.push([piece, type ?? ""]);
    },
    { languages: KNOWN },
  );
  return pieces;
}
