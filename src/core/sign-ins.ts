/**
 * A sign-in on its way to an identity provider and back. The state travels in the address, the browser's secret in a
 * cookie, and only both together bring the nonce and the PKCE verifier out again, once, within ten minutes: an answer
 * made for another browser, or shown a second time, finds nothing.
 */
import { randomBytes } from "node:crypto";
import type { Db } from "../db/db.ts";
import { PolarisError } from "../wire/error.ts";
import { hashOf, newSecret, shown } from "./secrets.ts";

export const SIGN_IN_SECONDS = 600;
/** Time to find a name for an organisation. */
export const SIGN_UP_SECONDS = 1800;

export interface Begun {
  state: string;
  /** For the cookie `polaris_signin`. */
  browser: string;
  nonce: string;
  verifier: string;
}

/** `browser`: what the cookie has already, so that two tabs may sign in side by side. */
export async function begin(
  db: Db,
  input: {
    provider: string;
    next: string;
    link?: string | undefined;
    browser?: string | undefined;
  },
): Promise<Begun> {
  const random = () => randomBytes(32).toString("base64url");
  const [state, nonce, verifier] = [newSecret("s"), random(), random()];
  const browser = isSecret(input.browser) ? input.browser : newSecret("s");
  const expiresAt = new Date(Date.now() + SIGN_IN_SECONDS * 1000);
  const hash = hashOf(state);
  const link = input.link ? hashOf(input.link) : null;
  await shown(db, hash, async (tx) => {
    await tx`delete from sign_ins where expires_at < now() - interval '1 day'`;
    await tx`
        insert into sign_ins (state_hash, browser_hash, provider, nonce, verifier, next, link_hash, expires_at)
        values (${hash}, ${hashOf(browser)}, ${input.provider}, ${nonce}, ${verifier}, ${input.next}, ${link},
          ${expiresAt})`;
  });
  return { state, browser, nonce, verifier };
}

export interface Returned {
  nonce: string;
  verifier: string;
  next: string;
  link: Buffer | null;
}

/** Takes it out, once. Throws `sign_in_over` for a wrong, used or old state and for another browser alike. */
export async function finish(
  db: Db,
  input: { provider: string; state: string; browser: string | undefined },
): Promise<Returned> {
  const hash = hashOf(input.state);
  const [row] = await shown(
    db,
    hash,
    (tx) => tx<Returned[]>`
      update sign_ins set used_at = now()
      where state_hash = ${hash} and browser_hash = ${hashOf(input.browser ?? "")} and provider = ${input.provider}
        and user_id is null and used_at is null and expires_at > now()
      returning nonce, verifier, next, link_hash as link`,
  );
  if (row) return row;
  throw over();
}

/** Keeps a verified person who belongs nowhere, while they make an organisation; answers the cookie's secret. */
export async function hold(db: Db, input: { user: string; provider: string; next: string }) {
  const secret = newSecret("s");
  const hash = hashOf(secret);
  const expiresAt = new Date(Date.now() + SIGN_UP_SECONDS * 1000);
  await shown(
    db,
    hash,
    (tx) => tx`
      insert into sign_ins (state_hash, browser_hash, provider, nonce, verifier, next, user_id, expires_at)
      values (${hash}, ${hash}, ${input.provider}, '', '', ${input.next}, ${input.user}, ${expiresAt})`,
  );
  return secret;
}

export interface Held {
  user: string;
  email: string;
  name: string;
  next: string;
}

/** Whom the secret keeps; with `take`, once. */
export async function held(db: Db, secret: string | undefined, { take = false } = {}) {
  if (!isSecret(secret)) return undefined;
  const hash = hashOf(secret);
  const [row] = await shown(
    db,
    hash,
    (tx) => tx<Held[]>`
      update sign_ins s set used_at = case when ${take} then now() end
      from users u
      where s.state_hash = ${hash} and u.id = s.user_id and u.disabled_at is null
        and s.used_at is null and s.expires_at > now()
      returning u.id as user, u.email, u.name, s.next`,
  );
  return row;
}

const isSecret = (secret: string | undefined): secret is string =>
  secret !== undefined && /^pol_s_[\w-]{43}$/.test(secret);

const over = (): PolarisError =>
  new PolarisError("sign_in_over", "This sign-in is over, or began in another browser.", {
    hint: "Begin again here. A sign-in takes at most ten minutes, in one browser.",
  });
