import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Db } from "../db/db.ts";
import { writeAtomic } from "../lib/file.ts";
import { uuid7 } from "../lib/uuid.ts";
import { Participant } from "../wire/participant.ts";
import type { Caller } from "./caller.ts";
import { mint, newSecret, startTokens } from "./tokens.ts";

/**
 * The organisation and its owner, made on first start. The owner's token guards everything until there are accounts;
 * it lies in `<data directory>/owner.token` (0600). A data directory that lost the file gets a new token.
 */
export async function claimOwner(
  db: Db,
  dataDir: string,
  participant: Participant,
): Promise<{ token: string; caller: Caller }> {
  const org = await firstOrg(db);
  const file = join(dataDir, "owner.token");
  const tokens = startTokens(db);
  if (existsSync(file)) {
    const token = readFileSync(file, "utf8").trim();
    const caller = await tokens.verify(token).catch(() => undefined);
    if (caller) return { token, caller };
  }
  // Written before it is valid: after a crash between the two the next start finds it unknown and makes another.
  const token = newSecret("o");
  writeAtomic(file, `${token}\n`);
  await mint(db, {
    org,
    participant: Participant.parse(participant),
    kind: "owner",
    secret: token,
  });
  return { token, caller: await tokens.verify(token) };
}

async function firstOrg(db: Db): Promise<string> {
  await db.sql`
    insert into orgs (id, slug, name) values (${uuid7()}, 'home', 'Home') on conflict (slug) do nothing`;
  const [row] = await db.sql<{ id: string }[]>`select id from orgs where slug = 'home'`;
  if (!row) throw new Error("the first organisation was not made");
  return row.id;
}
