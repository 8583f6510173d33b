import { createHash, randomBytes } from "node:crypto";
import type { Db, Tx } from "../db/db.ts";

/**
 * 256 random bits behind a prefix that secret scanners can find: `pol_b_` browser, `pol_r_` refresh, `pol_a_` API token,
 * `pol_l_` one-time link, `pol_s_` sign-in state, `pol_g_` grant code, `pol_v_` share link. Only the SHA-256 is ever stored.
 */
export const newSecret = (kind: "b" | "r" | "a" | "l" | "s" | "g" | "v"): string =>
  `pol_${kind}_${randomBytes(32).toString("base64url")}`;

export const hashOf = (secret: string): Buffer => createHash("sha256").update(secret).digest();

/** One transaction in which row-level security opens the rows of this one secret, before any organisation is known. */
export function shown<T>(db: Db, hash: Buffer, work: (tx: Tx) => Promise<T>): Promise<T> {
  return db.sql.begin(async (tx) => {
    const set = tx`select set_config('polaris.shown', ${hash.toString("hex")}, true)`.execute();
    return (await Promise.all([set, work(tx)]))[1];
  });
}
