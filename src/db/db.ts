import postgres from "postgres";
import { PolarisError } from "../wire/error.ts";

export type Sql = postgres.Sql<{ bigint: number }>;
export type Tx = postgres.TransactionSql<{ bigint: number }>;

/** Where PostgreSQL is: a `postgres://` address (several hosts for failover), or the socket of our own. */
export type Place =
  | { url: string }
  | { host: string; port: number; username: string; password: string; database: string };

/**
 * One driver and one dialect everywhere. `sql` is for what belongs to no organisation; all tenant tables answer
 * only inside `as(org, …)`.
 */
export interface Db {
  sql: Sql;
  /** One transaction with the organisation set: row-level security shows its rows and no others. */
  as<T>(org: string, work: (tx: Tx) => Promise<T>): Promise<T>;
  /** One connection of its own for LISTEN; `onListen` runs at every (re)connection: catch up there. */
  listen(channel: string, onBell: (payload: string) => void, onListen: () => void): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const bigint = {
  // int8 as number: the largest we store is a count of events, far below 2^53.
  to: 20,
  from: [20],
  serialize: (value: number) => String(value),
  parse: (value: string) => Number(value),
};

/** A pool as whoever the address names: for migrations, which own the tables. */
export function open(place: Place, { max = 2 } = {}): Sql {
  const options = { max, onnotice: () => {}, types: { bigint }, connect_timeout: 10 };
  if ("url" in place) return postgres(place.url, options);
  return postgres({ ...options, ...place });
}

/** The server's pool. It works as `polaris_app` where that role exists, so that no superuser right is ever used. */
export async function connect(place: Place, { max = 16 } = {}): Promise<Db> {
  const owner = open(place, { max: 1 });
  let role: string | undefined;
  try {
    const [row] = await owner<{ member: boolean }[]>`
      select pg_has_role(current_user, oid, 'member') as member from pg_roles where rolname = 'polaris_app'`;
    if (row?.member) role = "polaris_app";
  } catch (cause) {
    throw new PolarisError("database_unavailable", "The database does not answer.", {
      hint: "Check DATABASE_URL and that PostgreSQL accepts connections.",
      cause,
    });
  } finally {
    await owner.end({ timeout: 5 });
  }
  const connection = { application_name: "polaris", ...(role ? { role } : {}) };
  const options = {
    max,
    connection,
    onnotice: () => {},
    types: { bigint },
    connect_timeout: 10,
    idle_timeout: 60,
    // A connection that PostgreSQL dropped is found at its next use; ten-minute-old ones are renewed.
    max_lifetime: 60 * 30,
  };
  const sql: Sql =
    "url" in place ? postgres(place.url, options) : postgres({ ...options, ...place });
  return {
    sql,
    as: (org, work) =>
      sql.begin(async (tx) => {
        // Sent, but not waited for: it travels in the same packet as the first statement of the work.
        const set = tx`select set_config('polaris.org', ${org}, true)`.execute();
        const [, result] = await Promise.all([set, work(tx)]);
        return result;
      }) as ReturnType<typeof work>,
    async listen(channel, onBell, onListen) {
      await sql.listen(channel, onBell, onListen);
    },
    async [Symbol.asyncDispose]() {
      // Without a timeout end() did not return within 60 s after a server crash (postgres.js 3.4).
      await sql.end({ timeout: 3 });
    },
  };
}

/** True for errors that pass by themselves (away, full, a deadlock), as opposed to "this statement is wrong". */
export function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  return (
    /^(08|57P0|53|40)/.test(code) ||
    /^(CONNECTION_|CONNECT_TIMEOUT|ECONN|ENOENT|EPIPE|ETIMEDOUT|NOT_TAGGED)/.test(code) ||
    code === "25006" // read-only: a standby before its promotion
  );
}

/** True for errors that the data itself caused: the same statement would fail again, another row would not. */
export function isBadData(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return /^(22|54)/.test(code) || code === "23514";
}
