import { PolarisError } from "../wire/error.ts";
import type { Profile } from "../wire/local.ts";
import { TokenAnswer } from "../wire/token.ts";
import { call } from "./api.ts";
import { readCredentials, writeCredentials } from "./credentials.ts";
import { locked } from "./lock.ts";
import type { Paths } from "./paths.ts";

/**
 * A renewal whose answer is lost may be repeated once within ten seconds (`core/refresh.ts`). So the first is given up
 * after five, and the second has time to be slow: the server has seen it in time even when it answers late.
 */
const FIRST_MS = 5_000;
const SECOND_MS = 20_000;

export interface Tokens {
  /**
   * What to send to this profile's server now; renewed a little before it ends, or when it is the one the server has
   * just refused. Throws `not_signed_in` when only a new sign-in helps, `unreachable` when the server does not answer.
   */
  bearer(profile: string, refused?: string): Promise<string>;
}

/** The one place of this machine where access tokens are renewed: once for all who ask, in whatever process. */
export function startTokens(place: Pick<Paths, "credentials" | "credentialsLock">): Tokens {
  const running = new Map<string, Promise<string>>();

  async function renew(name: string, refused: string | undefined): Promise<string> {
    return await locked(place.credentialsLock, async () => {
      // Another process may have been faster.
      const profile = profileOf(place.credentials, name);
      const ready = usable(profile, refused);
      if (ready) return ready;
      if (!profile.refresh) throw signedOut(profile.signedOut ?? "Nobody is signed in.");
      try {
        const answer = await exchange(profile.url, profile.refresh);
        keep(name, profileFrom(profile.url, answer));
        return answer.access_token;
      } catch (error) {
        if (!(error instanceof PolarisError) || error.code !== "invalid_grant") throw error;
        const { url, participant, org, device } = profile;
        keep(name, { url, participant, org, device, signedOut: error.message });
        throw signedOut(error.message);
      }
    });
  }

  function keep(name: string, profile: Profile): void {
    const { current, profiles } = readCredentials(place.credentials);
    writeCredentials(place.credentials, { current, profiles: { ...profiles, [name]: profile } });
  }

  return {
    async bearer(name, refused) {
      const ready = usable(profileOf(place.credentials, name), refused);
      if (ready) return ready;
      const before = running.get(name);
      if (before) return await before;
      const made = renew(name, refused).finally(() => running.delete(name));
      running.set(name, made);
      return await made;
    },
  };
}

/** Renewed when four fifths of its life are over, so that no batch under way is overtaken by its end. */
const RENEW_AT = 0.8;

/** A fresh sign-in as it is kept. */
export const profileFrom = (url: string, answer: TokenAnswer): Profile => ({
  url,
  participant: answer.participant,
  org: answer.org,
  device: answer.device,
  refresh: answer.refresh_token,
  access: {
    token: answer.access_token,
    renewAt: Date.now() + answer.expires_in * 1000 * RENEW_AT,
  },
});

function usable(profile: Profile, refused: string | undefined): string | undefined {
  if (profile.token) {
    if (profile.token === refused) throw signedOut("The server refuses this machine's token.");
    return profile.token;
  }
  const { access } = profile;
  if (!access || access.token === refused) return undefined;
  return access.renewAt > Date.now() ? access.token : undefined;
}

function profileOf(path: string, name: string): Profile {
  const profile = readCredentials(path).profiles[name];
  if (profile) return profile;
  throw signedOut(`There is no profile "${name}".`);
}

async function exchange(url: string, refresh: string): Promise<TokenAnswer> {
  const body = new URLSearchParams({ grant_type: "refresh_token", refresh_token: refresh });
  const ask = (timeoutMs: number) =>
    call(
      { url },
      {
        method: "POST",
        path: "/auth/token",
        type: "application/x-www-form-urlencoded",
        body: body.toString(),
        timeoutMs,
      },
      TokenAnswer,
    );
  try {
    return await ask(FIRST_MS);
  } catch (error) {
    if (error instanceof PolarisError && error.code === "unreachable") return await ask(SECOND_MS);
    throw error;
  }
}

const signedOut = (reason: string): PolarisError =>
  new PolarisError("not_signed_in", reason, { hint: "Sign in again: polaris login" });

/** The server of the current profile, and what to show it. Throws `not_signed_in`. */
export async function currentServer(
  place: Pick<Paths, "credentials" | "credentialsLock">,
): Promise<{ url: string; token: string }> {
  const { current } = readCredentials(place.credentials);
  if (!current) throw signedOut("Nobody is signed in.");
  const { url } = profileOf(place.credentials, current);
  return { url, token: await startTokens(place).bearer(current) };
}
