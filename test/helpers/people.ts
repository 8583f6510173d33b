import * as apiTokens from "../../src/core/api-tokens.ts";
import { type Role, SCOPES, type Scope } from "../../src/core/caller.ts";
import { openBrowser } from "../../src/core/devices.ts";
import { admit, userOf } from "../../src/core/people.ts";
import type { Db } from "../../src/db/db.ts";
import { uuid7 } from "../../src/lib/uuid.ts";
import type { Polaris } from "./polaris.ts";

/** Somebody with a role in an organisation, signed in with a browser. */
export async function person(db: Db, org: string, name: string, role: Role) {
  const user = await userOf(db, { email: `${name}@example.com`, name });
  const participant = await db.as(org, (tx) => admit(tx, org, user, role));
  const cookie = `polaris_session=${await openBrowser(db, { org, user: user.id, name: "test" })}`;
  const headers = { cookie, "sec-fetch-site": "same-origin" };
  return {
    org,
    user: user.id,
    participant,
    /** What their browser sends. */
    headers,
    token: (scopes: readonly Scope[] = SCOPES, expiresAt?: Date) =>
      apiTokens.mint(
        db,
        { org, user: user.id, participant },
        { name: "test", scopes, ...(expiresAt ? { expiresAt } : {}) },
      ),
  };
}
export type Person = Awaited<ReturnType<typeof person>>;

export async function organisation(db: Db, slug: string): Promise<string> {
  const id = uuid7();
  await db.sql`insert into orgs (id, slug, name) values (${id}, ${slug}, ${slug})`;
  return id;
}

/** The same server, called as this person's browser calls it. */
export const as = (polaris: Polaris, who: Person) => ({
  call: (path: string, init: RequestInit = {}) =>
    polaris.call(path, {
      ...init,
      as: null,
      headers: { ...who.headers, ...Object.fromEntries(new Headers(init.headers)) },
    }),
  async get(path: string): Promise<{ status: number; body: string }> {
    const response = await polaris.call(path, { as: null, headers: who.headers });
    return { status: response.status, body: await response.text() };
  },
  send: (method: string, path: string, body?: unknown) =>
    polaris.call(path, {
      method,
      as: null,
      headers: who.headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
});
