import { readFileSync, watch } from "node:fs";
import { basename, dirname } from "node:path";
import { z } from "zod";
import { compile } from "../../lib/regex.ts";
import { Policy } from "../../wire/policy.ts";

/** A policy as it runs, or why it cannot. */
export interface Rules {
  patterns: readonly { kind: string; pattern: RegExp }[];
  allowed: (value: string) => boolean;
  /** Set: nothing may be taken for clean until somebody has mended the policy. */
  error: string | null;
  /** Changes with the policy. */
  mark: string;
}

/** An editor is done with a file after so long. */
const SETTLE_MS = 250;

/** The policy of this machine, read again whenever its file changes. */
export function startPolicy(
  path: string,
  changed: () => void,
): Disposable & { rules: () => Rules } {
  let content = read(path);
  let rules = rulesOf(content);
  let again: Timer | undefined;
  function look(): void {
    const now = read(path);
    if (now === content) return;
    content = now;
    rules = rulesOf(now);
    changed();
  }
  // The folder and not the file: an atomic write puts a new inode in its place.
  const watcher = watch(dirname(path), (_, name) => {
    if (name !== null && name !== basename(path)) return;
    look();
    // What is emptied first and then written may be told once, between the two.
    clearTimeout(again);
    again = setTimeout(look, SETTLE_MS);
  });
  return {
    rules: () => rules,
    [Symbol.dispose]() {
      clearTimeout(again);
      watcher.close();
    },
  };
}

/** Undefined: there is none. Null: there is one, and it cannot be read. */
function read(path: string): string | null | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return code === "ENOENT" ? undefined : null;
  }
}

/** `name`: what people call it. */
export function rulesOf(content: string | null | undefined, name = "policy.json"): Rules {
  const mark = content === undefined ? "" : Bun.hash(content ?? "").toString(36);
  const broken = (error: string): Rules => ({ patterns: [], allowed: () => false, error, mark });
  if (content === undefined) return { patterns: [], allowed: () => false, error: null, mark };
  if (content === null) return broken(`${name} cannot be read`);
  const parsed = json(content);
  if (parsed === undefined) return broken(`${name} is no JSON`);
  const policy = Policy.safeParse(parsed);
  if (!policy.success) {
    const why = z
      .prettifyError(policy.error)
      .replaceAll(/[✖→\s]+/g, " ")
      .trim();
    return broken(`${name}: ${why.slice(0, 200)}`);
  }
  const patterns: { kind: string; pattern: RegExp }[] = [];
  for (const { kind, regex } of policy.data.patterns) {
    const pattern = compile(regex);
    if (typeof pattern === "string") return broken(`${name}: the pattern of "${kind}" ${pattern}`);
    patterns.push({ kind, pattern });
  }
  return { patterns, allowed: allowing(policy.data.allow), error: null, mark };
}

/**
 * The machine's own rules and those of its teams, as one: every pattern counts. Of several teams each must allow a value,
 * because nobody may unmask another's secrets.
 */
export function together(own: Rules, teams: readonly Rules[]): Rules {
  const all = [own, ...teams];
  return {
    patterns: all.flatMap(({ patterns }) => patterns),
    allowed: (value) =>
      own.allowed(value) || (teams.length > 0 && teams.every((team) => team.allowed(value))),
    error: all.find(({ error }) => error !== null)?.error ?? null,
    mark: all.map(({ mark }) => mark).join("."),
  };
}

function allowing(allow: readonly string[]): (value: string) => boolean {
  const whole = new Set(allow.filter((value) => !value.includes("*")));
  const parts = allow.filter((value) => value.includes("*")).map((value) => value.split("*"));
  return (value) => whole.has(value) || parts.some((pieces) => fits(value, pieces));
}

/** Each piece once, from left to right: no backtracking, whatever the value. */
function fits(value: string, pieces: readonly string[]): boolean {
  const first = pieces[0] ?? "";
  const last = pieces.at(-1) ?? "";
  if (!value.startsWith(first) || !value.endsWith(last)) return false;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = value.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return at <= value.length - last.length;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
