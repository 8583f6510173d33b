import type { Log } from "../lib/log.ts";
import type { Status } from "../wire/local.ts";
import type { Accounts } from "./accounts.ts";
import type { Journal } from "./journal.ts";
import { startUplink, type Uplink } from "./uplink.ts";

export interface Uplinks extends AsyncDisposable {
  /** The credentials changed: what waited for them goes on. */
  retry(): void;
  /** How the current sign-in's sending goes. */
  readonly state: Status["server"];
  /** How this sign-in's goes; without one, nothing can be sent. */
  stateOf(name: string | undefined): Status["server"];
  readonly profiles: Status["profiles"];
}

/** One uplink for each sign-in of this machine: recordings go where they were begun, whichever is current now. */
export function startUplinks(needs: {
  journal: Journal;
  machine: { id: string; name: string };
  accounts: Accounts;
  log: Log;
}): Uplinks {
  const { accounts, log } = needs;
  const running = new Map<string, Uplink>();
  const ending = new Set<Promise<void>>();
  const startedAt = new Date().toISOString();

  function census(): void {
    const names = new Set(accounts.all().map(({ name }) => name));
    for (const [name, uplink] of running) {
      if (names.has(name)) continue;
      running.delete(name);
      const ended = end(uplink).then(() => void ending.delete(ended));
      ending.add(ended);
    }
    for (const name of names) {
      const known = running.get(name);
      if (known) known.retry();
      else running.set(name, startUplink({ ...needs, name }));
    }
    if (names.size === 0) log.info("uplink.signed_out", { error: NOBODY });
  }

  const end = async (uplink: Uplink) => await uplink[Symbol.asyncDispose]();

  function stateOf(name: string | undefined): Status["server"] {
    const uplink = name === undefined ? undefined : running.get(name);
    if (uplink) return uplink.state;
    return { url: "", state: "signed_out", error: NOBODY, since: startedAt, ackedAt: null };
  }

  census();
  return {
    retry: census,
    stateOf,
    get state() {
      return stateOf(accounts.all().find(({ isCurrent }) => isCurrent)?.name);
    },
    get profiles() {
      return accounts.all().map(({ name, url, participant, isCurrent }) => {
        const { state = "waiting", error = null } = running.get(name)?.state ?? {};
        return { name, url, participant, isCurrent, state, error };
      });
    },
    async [Symbol.asyncDispose]() {
      const all = [...running.values()].map((uplink) => uplink[Symbol.asyncDispose]());
      await Promise.all([...all, ...ending]);
    },
  };
}

const NOBODY = "Nobody is signed in.";
