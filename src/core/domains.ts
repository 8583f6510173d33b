import type { Db } from "../db/db.ts";
import { PolarisError } from "../wire/error.ts";
import type { Page } from "../wire/session.ts";
import { by, note } from "./audit.ts";
import type { Caller, Role } from "./caller.ts";
import { MOST, pageOf, readCursor, type Wish } from "./cursor.ts";
import { isPublic } from "./public-domains.ts";

/** A domain whose people join by themselves, once an issuer has verified their address. */
export interface Open {
  domain: string;
  org: string;
  role: Role;
}

export const domainOf = (email: string): string =>
  email.slice(email.lastIndexOf("@") + 1).toLowerCase();

/** The organisation that this address joins by itself. */
export async function find(db: Db, email: string): Promise<Open | undefined> {
  const domain = domainOf(email);
  return db.sql.begin(async (tx) => {
    await tx`select set_config('polaris.domain', ${domain}, true)`;
    const [row] = await tx<Open[]>`
      select domain, org_id as org, role from org_domains where domain = ${domain}`;
    return row;
  });
}

export async function list(
  db: Db,
  caller: Caller,
  { limit = MOST, cursor }: Wish = {},
): Promise<Page<{ domain: string; role: Role }>> {
  const [after = ""] = cursor ? readCursor(cursor, 1) : [];
  const rows = await db.as(
    caller.org,
    (tx) => tx<{ domain: string; role: Role }[]>`
      select domain, role from org_domains where org_id = ${caller.org} and domain > ${after}
      order by domain limit ${limit + 1}`,
  );
  return pageOf(
    rows,
    limit,
    ({ domain }) => [domain],
    (row) => row,
  );
}

/** Only for a domain at which an issuer has verified the caller's own address. */
export async function put(
  db: Db,
  caller: Caller,
  input: { domain: string; role: Exclude<Role, "owner"> },
): Promise<{ domain: string; role: Role }> {
  const domain = input.domain.toLowerCase();
  if (isPublic(domain)) {
    throw new PolarisError("public_domain", "Anybody can have an address at this domain.", {
      hint: "Invite people by their addresses instead.",
    });
  }
  const [self] = await db.sql<{ email: string; proof: string }[]>`
    select email, proof from users where id = ${caller.user}`;
  if (caller.kind === "api" || self?.proof !== "issuer" || domainOf(self.email) !== domain) {
    throw new PolarisError("forbidden", "Your own verified address is not at this domain.", {
      hint: "Sign in through a provider with an address at the domain, then add it.",
    });
  }
  return db
    .as(caller.org, async (tx) => {
      const [row] = await tx<{ domain: string; role: Role }[]>`
      insert into org_domains (domain, org_id, role) values (${domain}, ${caller.org}, ${input.role})
      on conflict (domain) do update set role = excluded.role where org_domains.org_id = ${caller.org}
      returning domain, role`;
      if (!row) throw taken();
      const act = { action: "domain.added", target: domain, detail: { role: row.role } };
      await note(tx, { ...by(caller), ...act });
      return row;
    })
    .catch((error: unknown) => {
      // Another organisation's row is behind row-level security: PostgreSQL refuses to update what it may not show.
      if (error instanceof Error && "errno" in error && error.errno === "42501") throw taken();
      throw error;
    });
}

export async function remove(db: Db, caller: Caller, domain: string): Promise<void> {
  await db.as(caller.org, async (tx) => {
    const rows = await tx`
      delete from org_domains where org_id = ${caller.org} and domain = ${domain.toLowerCase()} returning 1`;
    if (rows.length === 0) {
      throw new PolarisError("not_found", "This domain is not among yours.", {
        hint: "GET /orgs/domains lists them.",
      });
    }
    const act = { action: "domain.removed", target: domain.toLowerCase() };
    await note(tx, { ...by(caller), ...act });
  });
}

const taken = (): PolarisError =>
  new PolarisError("conflict", "This domain cannot be added here.", {
    hint: "It may belong to another organisation of this server.",
  });
