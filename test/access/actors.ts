import type { Role, Scope } from "../../src/core/caller.ts";
import { SCOPES, scopesOf } from "../../src/core/caller.ts";
import { openMachine } from "../../src/core/refresh.ts";
import { person } from "../helpers/people.ts";
import type { Polaris } from "../helpers/polaris.ts";

/** Somebody at the door: what they send, and what they are, by which the matrix knows what they may. */
export interface Actor {
  headers: Record<string, string>;
  /** Undefined: nobody the server knows. */
  is?: {
    role: Role;
    scopes: readonly Scope[];
    kind: "browser" | "machine" | "api";
    /** Of the organisation the projects are in. */
    here: boolean;
    /** Of the private project. */
    member: boolean;
    /** A page of another site uses their cookie. */
    foreignPage?: true;
  };
  /** Can read the key in the server's data directory. */
  isLocal?: true;
}

let drawn = 0;

/** Everybody, new each time. `join` makes a person a member of the private project. */
export async function everybody(
  { db, caller, house, localKey, database }: Polaris,
  { other, join }: { other: string; join: (participant: string) => Promise<unknown> },
): Promise<Record<string, Actor>> {
  const round = ++drawn;
  const make = (name: string, role: Role, org = caller.org) =>
    person(db, org, `${name}-${round}`, role);
  const browser = async (name: string, role: Role, member = false): Promise<Actor> => {
    const who = await make(name, role);
    if (member) await join(who.participant);
    const { headers } = who;
    return { headers, is: { role, scopes: scopesOf(role), kind: "browser", here: true, member } };
  };
  const machine = async (name: string, role: Role): Promise<Actor> => {
    const { org, user } = await make(name, role);
    const grant = await db.as(org, (tx) => openMachine(tx, { org, user, name, via: "test" }));
    const { token } = await house.tokens.sign(grant);
    const is = {
      role,
      scopes: scopesOf(role),
      kind: "machine",
      here: true,
      member: false,
    } as const;
    return { headers: bearer(token), is };
  };
  const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
  const owner = await make("token-owner", "owner");
  await join(owner.participant);
  const foreign = await make("foreign", "owner", other);
  const foreignToken = await (await make("foreign-token", "owner", other)).token();
  const expired = await owner.token(SCOPES, new Date(Date.now() - 1000));
  const revoked = await owner.token();
  await db.as(
    caller.org,
    (tx) => tx`update api_tokens set revoked_at = now() where id = ${revoked.id}`,
  );
  const victim = await browser("victim", "owner", true);
  const all: Record<string, Actor> = {
    nobody: { headers: {} },
    "a garbage token": { headers: bearer(`pol_a_${"x".repeat(43)}`) },
    "not even a token": { headers: bearer("1 or 1=1") },
    "another scheme": { headers: { authorization: "Basic bWFudTptYW51" } },
    "an unsigned JWT": { headers: bearer("eyJhbGciOiJub25lIn0.eyJzdWIiOiJtYW51In0.") },
    "a garbage cookie": {
      headers: {
        cookie: `polaris_session=pol_b_${"x".repeat(43)}`,
        "sec-fetch-site": "same-origin",
      },
    },
    "an expired token": { headers: bearer(expired.secret) },
    "a revoked token": { headers: bearer(revoked.secret) },
    viewer: await browser("viewer", "viewer"),
    member: await browser("member", "member"),
    "project member": await browser("insider", "member", true),
    admin: await browser("admin", "admin"),
    owner: await browser("owner", "owner"),
    "an owner's cookie on a foreign page": {
      headers: {
        ...victim.headers,
        "sec-fetch-site": "cross-site",
        origin: "https://evil.example",
      },
      ...(victim.is ? { is: { ...victim.is, foreignPage: true } } : {}),
    },
    "a member's machine": await machine("machine-member", "member"),
    "an owner's machine": await machine("machine-owner", "owner"),
    "the server's own machine": { headers: bearer(localKey), isLocal: true },
    "another organisation's owner": {
      headers: foreign.headers,
      is: { role: "owner", scopes: SCOPES, kind: "browser", here: false, member: false },
    },
    "another organisation's token": {
      headers: bearer(foreignToken.secret),
      is: { role: "owner", scopes: SCOPES, kind: "api", here: false, member: false },
    },
  };
  for (const scope of SCOPES) {
    const { secret } = await owner.token([scope]);
    all[`an API token for ${scope}`] = {
      headers: bearer(secret),
      is: { role: "owner", scopes: [scope], kind: "api", here: true, member: true },
    };
  }
  // Everybody's address was verified by an issuer, so that what takes one is not refused for its want.
  await database.admin`update users set proof = 'issuer'`;
  return all;
}
