import type { Sql } from "../../src/db/db.ts";
import { uuid7 } from "../../src/lib/uuid.ts";
import { eventOf } from "./events.ts";
import type { Server } from "./house.ts";
import { load } from "./lib.ts";
import { cpuOf, family } from "./proc.ts";
import { random } from "./text.ts";

const BATCH = 100;
const WIRE = "over the socket";
const SAMPLES = 10_000;

/**
 * The ceiling: rows of the same columns and indexes into a table without policies, numbers or look-ups, 100 in one
 * statement and one commit, `seconds` for each way: the rows lie in the database already (text that must
 * become jsonb, as ours must), or they come over the socket.
 */
export async function bareRates(
  { sql, postmaster }: Pick<Server, "sql" | "postmaster">,
  seconds: number,
): Promise<Bare[]> {
  await lay(sql);
  const found: Bare[] = [];
  const measure = async (
    way: string,
    clients: number,
    work: (client: number, turn: number) => Promise<void>,
  ) => {
    const before = cpuOf(family(postmaster));
    const { rate, n } = await load(clients, seconds, work);
    const cpu = ((cpuOf(family(postmaster)) - before) / (n * BATCH)) * 1e6;
    found.push({ way: `${way} ×${clients}`, isWire: way === WIRE, rate: rate * BATCH, cpu });
  };
  const bodies = batches();
  for (const clients of [4, 16]) {
    await measure("insert … select", clients, () => copyOf(sql));
    await measure(WIRE, clients, (client, turn) => send(sql, bodies, client, turn));
  }
  await measure("insert … select", 1, () => copyOf(sql));
  await sql`drop table bare, sample`;
  return found;
}

/** One way to insert: events/s, and the database's processor time for one (µs). */
export interface Bare {
  way: string;
  isWire: boolean;
  rate: number;
  cpu: number;
}

async function lay(sql: Sql): Promise<void> {
  await sql`drop table if exists bare, sample`;
  await sql`create table bare (like events including defaults including storage including compression)`;
  await sql`alter table bare alter seq add generated always as identity, alter org_id set default gen_random_uuid()`;
  await sql`alter table bare add primary key (project_id, seq), add unique (project_id, id)`;
  await sql`create index on bare (session_id, seq)`;
  await sql`create table sample (n int primary key, kind text, sender text, turn text, text text, body text)`;
  const next = random(7);
  for (let at = 0; at < SAMPLES; at += 1000) {
    const rows = Array.from({ length: 1000 }, (_, n) => {
      const { kind, sender, turn, text, body } = eventOf(next, at + n);
      return { n: at + n, kind, sender, turn, text, body: JSON.stringify(body) };
    });
    await sql`insert into sample select * from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb)
      as r(n int, kind text, sender text, turn text, text text, body text)`;
  }
  await sql`vacuum analyze sample`;
}

async function copyOf(sql: Sql): Promise<void> {
  const from = Math.floor(Math.random() * (SAMPLES - BATCH));
  await sql`
    insert into bare (project_id, id, session_id, machine_id, pos, at, kind, sender, turn, agent, agent_version,
      translator, via, text, body)
    select ${PROJECT}::uuid, gen_random_uuid(), ${SESSION}::uuid, ${SESSION}::uuid, n, now(), kind, sender, turn,
      'claude-code', '2.1.329', 1, 'transcript', text, body::jsonb
    from sample where n >= ${from} and n < ${from + BATCH}`;
}

const PROJECT = uuid7();
const SESSION = uuid7();

/** Rows as JSON with a hole for fresh ids. */
function batches(): Record<string, unknown>[][] {
  const next = random(9);
  return Array.from({ length: 50 }, () =>
    Array.from({ length: BATCH }, (_, n) => eventOf(next, n)),
  );
}

async function send(
  sql: Sql,
  all: Record<string, unknown>[][],
  client: number,
  turn: number,
): Promise<void> {
  const rows = all[(client * 7 + turn) % all.length]?.map((row) => ({ ...row, id: uuid7() })) ?? [];
  await sql`
    insert into bare (project_id, id, session_id, machine_id, pos, at, kind, sender, turn, agent, agent_version,
      translator, via, text, body)
    select ${PROJECT}::uuid, id, ${SESSION}::uuid, ${SESSION}::uuid, 1, at, kind, sender, turn,
      'claude-code', '2.1.329', 1, 'transcript', text, body
    from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb)
      as r(id uuid, at timestamptz, kind text, sender text, turn text, text text, body jsonb)`;
}
