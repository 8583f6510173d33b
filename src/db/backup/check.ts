import { createHash } from "node:crypto";
import { PolarisError } from "../../wire/error.ts";
import { Header, Line, type Summary } from "./format.ts";

/** What reads a backup as it goes by; rows come as they were written, without being parsed. */
export interface Reader {
  header?(header: Header): Promise<void> | void;
  row?(table: string, line: string): Promise<void> | void;
  end?(table: string): Promise<void> | void;
}

/** Walks a backup from end to end and holds it to its own counts and hashes. */
export async function walk(
  lines: AsyncIterable<string>,
  reader: Reader = {},
): Promise<{ header: Header; tables: Summary; rows: number }> {
  let header: Header | undefined;
  let table: { name: string; hash: ReturnType<typeof createHash>; rows: number } | undefined;
  let isDone = false;
  const tables: Summary = {};
  let total = 0;
  for await (const line of lines) {
    if (isDone) throw damaged("something follows its end");
    if (!header) {
      header = headerOf(line);
      await reader.header?.(header);
      continue;
    }
    if (line.startsWith("[")) {
      if (!table) throw damaged("a row stands outside of any table");
      table.hash.update(`${line}\n`);
      table.rows++;
      await reader.row?.(table.name, line);
      continue;
    }
    const mark = parsed(line);
    if ("table" in mark) {
      table = { name: mark.table, hash: createHash("sha256"), rows: 0 };
    } else if ("end" in mark) {
      const sha256 = table?.hash.digest("hex");
      if (table?.name !== mark.end || table.rows !== mark.rows || sha256 !== mark.sha256) {
        throw damaged(`the table ${mark.end} does not have the rows it had`);
      }
      await reader.end?.(mark.end);
      tables[mark.end] = { rows: mark.rows, sha256: mark.sha256 };
      total += mark.rows;
      table = undefined;
    } else {
      if (mark.rows !== total) throw damaged("it does not have the rows it had");
      isDone = true;
    }
  }
  if (!header || !isDone) throw damaged("it is cut short");
  return { header, tables, rows: total };
}

function headerOf(line: string): Header {
  const found = Header.safeParse(json(line));
  if (found.success) return found.data;
  throw damaged("it does not begin as a backup does, or is of a newer form");
}

function parsed(line: string) {
  const found = Line.safeParse(json(line));
  if (found.success) return found.data;
  throw damaged("a line cannot be read");
}

function json(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

export const damaged = (why: string): PolarisError =>
  new PolarisError("backup_damaged", `The backup is damaged: ${why}.`, {
    hint: "Take another one: polaris backup --list shows them.",
  });
