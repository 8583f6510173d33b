/** For rooms that hold a transaction and hand it on, but do not know the database. */
export type { Db, Tx } from "../db/db.ts";
