import type { Database } from "bun:sqlite";
import { existsSync, readFileSync, unlinkSync } from "node:fs";
import { stat } from "node:fs/promises";
import type { Agent, Memory } from "../agents/agent.ts";
import { brief, type Log } from "../lib/log.ts";
import type { Guard } from "../machine/guard/guard.ts";
import { HookCall } from "../wire/local.ts";
import { bindingOf } from "./bindings.ts";
import { checker, note, type Unsure } from "./check.ts";
import { append } from "./events.ts";
import { hold } from "./held.ts";
import type { Journal } from "./journal.ts";
import { readLines } from "./lines.ts";
import { sessionOf } from "./sessions.ts";

interface Row {
  n: number;
  event: string;
  agent_session: string;
  path: string;
  inode: string | null;
  offset: number | null;
  memory: string | null;
}

interface Needs {
  journal: Journal;
  agents: readonly Agent[];
  guard: Guard;
  log: Log;
  /** Something of this session waits to be let go. */
  poke: (agentSession: string) => void;
}

/** Tries again what could not be checked for secrets, when another Polaris or another policy might. */
export function startUnchecked({ journal, agents, guard, log, poke }: Needs) {
  const { db } = journal;
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = false;

  async function pass(): Promise<void> {
    do {
      again = false;
      if (guard.error !== null) return;
      const rows = db
        .query<Row, [string]>("select * from unchecked where mark <> ? order by n")
        .all(guard.mark);
      for (const row of rows) {
        if (stopped) return;
        // One that fails must not stand before the others.
        await retry(row).catch((error) => log.warn("unchecked.failed", { error: brief(error) }));
      }
    } while (again);
  }

  async function retry(row: Row): Promise<void> {
    const bound = bindingOf(db, row.agent_session);
    const agent = agents.find(({ name }) => name === bound?.agent);
    const session = bound ? sessionOf(db, bound.session) : undefined;
    if (!bound || !agent || !session) return await gone(row, "its session is not known any more");
    const unsure: Unsure[] = [];
    const check = checker(guard, bound.cwd ?? session.cwd, unsure);
    if (row.offset === null) {
      const call = callAt(row.path);
      if (!call) return await gone(row, "the hook call it came from is gone");
      const { facts } = agent.readHook(call, session);
      const own = facts.filter(({ event }) => event.id.toLowerCase() === row.event);
      await journal.write(() => {
        hold(db, bound, own, check, (transcript) => agent.subagentsFolder(transcript));
        settle(row, unsure);
      });
      if (unsure.length === 0 && !isWanted(db, row.path)) unlinkSync(row.path);
      return poke(row.agent_session);
    }
    const line = await lineAt(row, row.offset);
    if (line === undefined) return await gone(row, "the transcript it came from is gone");
    const memory: Memory = JSON.parse(row.memory ?? "{}");
    const events = agent
      .readLine(line, session, memory)
      .filter(({ id }) => id.toLowerCase() === row.event)
      .flatMap((event) => check(event) ?? []);
    await journal.write(() => {
      append(db, bound.session, events);
      settle(row, unsure);
    });
  }

  function settle(row: Row, unsure: readonly Unsure[]): void {
    const { agent_session, path, inode, offset, memory } = row;
    if (unsure.length === 0) db.query("delete from unchecked where n = ?").run(row.n);
    const origin = { agent_session, path, inode };
    note(
      db,
      guard,
      offset === null ? origin : { ...origin, offset, memory: memory ?? "{}" },
      unsure,
    );
  }

  async function gone(row: Row, reason: string): Promise<void> {
    await journal.write(() =>
      db
        .query("update unchecked set reason = ?, mark = ? where n = ?")
        .run(reason, guard.mark, row.n),
    );
  }

  /** The policy or Polaris is another one: looks at all of them once more. */
  async function retryAll(): Promise<void> {
    again = true;
    running ??= pass().finally(() => {
      running = undefined;
    });
    await running;
  }

  return {
    retry: retryAll,
    async [Symbol.asyncDispose]() {
      stopped = true;
      await running?.catch(() => undefined);
    },
  };
}

/** What `polaris status` says of them. */
export function uncheckedStatus(db: Database): { events: number; reason: string | null } {
  const row = db
    .query<{ n: number; reason: string | null }, []>(
      "select count(*) as n, (select reason from unchecked order by n limit 1) as reason from unchecked",
    )
    .get();
  return { events: row?.n ?? 0, reason: row?.reason ?? null };
}

function isWanted(db: Database, path: string): boolean {
  return db.query("select 1 from unchecked where path = ? limit 1").get(path) !== null;
}

function callAt(path: string): HookCall | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return HookCall.safeParse(JSON.parse(readFileSync(path, "utf8"))).data;
  } catch {
    return undefined;
  }
}

/** The line as it stood there: the same file, and a line begins where it began. */
async function lineAt({ path, inode }: Row, offset: number): Promise<string | undefined> {
  const file = await stat(path, { bigint: true }).catch(() => undefined);
  if (!file || String(file.ino) !== inode || Number(file.size) <= offset) return undefined;
  const { lines } = await readLines(path, offset, Number(file.size));
  return lines[0]?.at === offset ? lines[0].text : undefined;
}
