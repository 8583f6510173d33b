import { SQL, type TransactionSQL } from "bun";
import { PolarisError } from "../wire/error.ts";

export type Sql = SQL;
export type Tx = TransactionSQL;

/** Where PostgreSQL is: a `postgres://` address, or the socket of our own. */
export type Place =
  | { url: string }
  | { host: string; port: number; username: string; password: string; database: string };

/**
 * One driver (Bun's own SQL client) and one dialect everywhere. `sql` is for what belongs to no organisation; all
 * tenant tables answer only inside `as(org, …)`. An int8 arrives as text: use `Number()` where rows are read.
 */
export interface Db {
  sql: Sql;
  /** One transaction with the organisation set: row-level security shows its rows and no others. */
  as<T>(org: string, work: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * The same for one statement: begin, organisation, statement and commit travel together, so that locks are held
   * for no round trip. The statement must fail by itself when it is to be undone.
   */
  one<T>(org: string, statement: (sql: Sql) => SQL.Query<T>): Promise<T>;
  /** One connection of its own for LISTEN; `onListen` runs at every (re)connection: catch up there. */
  listen(channel: string, onBell: (payload: string) => void, onListen: () => void): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A pool as whoever the address names: for migrations, which own the tables. */
export function open(place: Place, { max = 2, role = "" } = {}): Sql {
  const options = {
    adapter: "postgres",
    max,
    connectionTimeout: 10,
    // Connections older than half an hour are renewed, so that none outlives a failover for long.
    maxLifetime: 1800,
    connection: { application_name: "polaris", ...(role ? { role } : {}) },
  } as const;
  if ("url" in place) return new SQL(place.url, options);
  const { host, port, ...login } = place;
  // A host that is a path is the folder of a unix socket, as libpq has it.
  const where = host.startsWith("/")
    ? { path: `${host}/.s.PGSQL.${port}` }
    : { hostname: host, port };
  return new SQL({ ...options, ...login, ...where });
}

/** The server's pool. It works as `polaris_app` where that role exists, so that no superuser right is ever used. */
export async function connect(place: Place, { max = 16 } = {}): Promise<Db> {
  const owner = open(place, { max: 1 });
  let role = "";
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
    await owner.close({ timeout: 5 });
  }
  const sql = open(place, { max, role });
  return {
    sql,
    as: (org, work) =>
      sql.begin(async (tx) => {
        // Sent, but not waited for: it travels in the same packet as the first statement of the work.
        const set = tx`select set_config('polaris.org', ${org}, true)`.execute();
        const [, result] = await Promise.all([set, work(tx)]);
        return result;
      }),
    async one(org, statement) {
      const connection = await sql.reserve();
      try {
        const begun = connection`begin`.execute();
        const set = connection`select set_config('polaris.org', ${org}, true)`.execute();
        const done = statement(connection).execute();
        const committed = connection`commit`.execute();
        // All of them, because after an error the commit is a rollback, and it must be through before others come.
        await Promise.allSettled([begun, set, done, committed]);
        const [result] = await Promise.all([done, begun, set, committed]);
        return result;
      } finally {
        connection.release();
      }
    },
    async listen(channel, onBell, onListen) {
      await sql.listen(channel, onBell, onListen);
    },
    async [Symbol.asyncDispose]() {
      await sql.close({ timeout: 3 });
    },
  };
}

/** The SQLSTATE of PostgreSQL's answer, or the client's own code when there was no answer. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if ("errno" in error && typeof error.errno === "string" && error.errno) return error.errno;
  return "code" in error ? String(error.code) : "";
}

/** True for errors that pass by themselves (away, full, a deadlock), as opposed to "this statement is wrong". */
export function isAway(error: unknown): boolean {
  const code = codeOf(error);
  // 25006: read-only, a standby before its promotion.
  if (/^(08|57P0|53|40)/.test(code) || code === "25006") return true;
  return (
    /^ERR_POSTGRES_(CONNECTION|IDLE|LIFETIME|TLS)/.test(code) ||
    /^(ECONN|ENOENT|EPIPE|ETIMEDOUT)/.test(code)
  );
}

/** True for errors that the data itself caused: the same statement would fail again, another row would not. */
export function isBadData(error: unknown): boolean {
  return /^(22|54|23514)/.test(codeOf(error));
}

/** True when a row with this identity is there already. */
export function isTwice(error: unknown): boolean {
  return codeOf(error) === "23505";
}
