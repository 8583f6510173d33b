import { brief, type Log } from "../lib/log.ts";
import { call } from "../machine/api.ts";
import { NOBODY, readCredentials } from "../machine/credentials.ts";
import { localParticipant } from "../machine/identity.ts";
import type { Paths } from "../machine/paths.ts";
import { startTokens } from "../machine/tokens.ts";
import type { Credentials, Profile } from "../wire/local.ts";
import { Me } from "../wire/me.ts";
import type { Participant } from "../wire/participant.ts";

export interface Account extends Profile {
  name: string;
  isCurrent: boolean;
}

/** Where something belongs: a sign-in's name, and the organisation it is of, as far as they are known. */
export interface Place {
  profile: string | null;
  org: string | null;
}

export interface Home extends Place {
  driver: Participant;
}

/** This machine's sign-ins, as the file has them now. */
export interface Accounts {
  all(): Account[];
  named(name: string): Account | undefined;
  /** The one that a session of this place is sent by. */
  of(place: Place): Account | undefined;
  /** To whom belongs what begins now: the place that a link names, else the current sign-in. */
  home(link?: Place): Home;
  bearer(name: string, refused?: string): Promise<string>;
  /** The organisation of a sign-in; asked for once where the file does not say it. */
  orgOf(account: Account, token: string): Promise<string>;
  /** Called when an organisation became known that the file does not name: what waited for it may go on. */
  onLearned(listener: () => void): Disposable;
  reload(): void;
}

export function startAccounts(place: Paths, log: Log): Accounts {
  const tokens = startTokens(place);
  const own = localParticipant();
  const orgs = new Map<string, string>();
  const listeners = new Set<() => void>();
  let known = read();

  function read(): Credentials {
    try {
      return readCredentials(place.credentials);
    } catch (error) {
      log.warn("credentials.unreadable", { error: brief(error) });
      return NOBODY;
    }
  }

  const keyOf = ({ url, token = "", device = "" }: Profile) => `${url}\n${token || device}`;
  const orgKnown = (account: Account) => account.org ?? orgs.get(keyOf(account)) ?? null;
  const all = (): Account[] =>
    Object.entries(known.profiles).map(([name, profile]) => ({
      ...profile,
      name,
      isCurrent: name === known.current,
    }));
  const named = (name: string | null) => all().find((account) => account.name === name);

  function of({ profile, org }: Place): Account | undefined {
    if (org === null) return profile === null ? named(known.current) : named(profile);
    const there = all().filter((account) => orgKnown(account) === org);
    return there.find(({ name }) => name === profile) ?? there[0];
  }

  return {
    all,
    named,
    of,
    home(link) {
      // A link that was made before anybody signed in belongs to whoever is signed in when it is used.
      if (link && (link.org !== null || link.profile !== null)) {
        const { profile, org } = link;
        return { profile, org, driver: of(link)?.participant ?? own };
      }
      const account = named(known.current);
      if (!account) return { profile: null, org: null, driver: own };
      return { profile: account.name, org: orgKnown(account), driver: account.participant };
    },
    bearer: (name, refused) => tokens.bearer(name, refused),
    async orgOf(account, token) {
      const before = orgKnown(account);
      if (before !== null) return before;
      const me = await call({ url: account.url, token }, { path: "/me", timeoutMs: 10_000 }, Me);
      const org = me.org ?? account.url;
      orgs.set(keyOf(account), org);
      for (const listener of listeners) listener();
      return org;
    },
    onLearned(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    reload() {
      known = read();
    },
  };
}
