import { homedir } from "node:os";
import { AGENTS } from "../agents/index.ts";
import { findTranscripts } from "../daemon/transcripts.ts";
import { pause } from "../lib/backoff.ts";
import { ask } from "../machine/local.ts";
import type { Paths } from "../machine/paths.ts";
import { PolarisError } from "../wire/error.ts";
import type { Import, Job, Recover } from "../wire/job.ts";

/** A bar is worth showing for what takes longer than this. */
const PATIENCE_MS = 1_000;
const EVERY_MS = 100;

/** Every transcript of every agent, where this person's agents keep them. */
export const allTranscripts = (): Import["files"] =>
  AGENTS.flatMap((agent) =>
    findTranscripts(agent.transcripts(homedir(), process.env)).map((path) => ({
      agent: agent.name,
      path,
    })),
  );

/** Begins a job of the recorder and waits for its end, with a bar on standard error when it takes its time. */
export async function work(
  place: Paths,
  path: "/import" | "/recover",
  wish: Import | Recover,
): Promise<Job> {
  const { job } = await ask<{ job: string }>(place, path, wish);
  const began = performance.now();
  let shown = false;
  try {
    for (;;) {
      const now = await ask<Job>(place, `/job?id=${job}`);
      if (now.state === "failed") throw new PolarisError("internal", now.error ?? "It failed.");
      if (now.state === "done") return now;
      if (process.stderr.isTTY && performance.now() - began > PATIENCE_MS) {
        process.stderr.write(`\r${bar(now)}`);
        shown = true;
      }
      await pause(EVERY_MS);
    }
  } finally {
    // Back to the line's start and clear it.
    if (shown) process.stderr.write("\r\u001b[K");
  }
}

const WIDTH = 24;

export function bar({ read, bytes, rows }: Pick<Job, "read" | "bytes" | "rows">): string {
  const part = bytes === 0 ? 0 : Math.min(1, read / bytes);
  const full = Math.round(part * WIDTH);
  const percent = `${Math.floor(part * 100)}`.padStart(3);
  const fresh = rows.reduce((sum, row) => sum + row.fresh + row.again, 0);
  return `${"█".repeat(full)}${"░".repeat(WIDTH - full)} ${percent} %  ${mb(read)} of ${mb(bytes)} MB, ${fresh} new`;
}

export const mb = (bytes: number): string => (bytes / 1e6).toFixed(1);

/** Rows in columns, as wide as their widest. */
export function table(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((row) => row[at]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
