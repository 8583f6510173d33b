import { readFileSync } from "node:fs";
import { z } from "zod";
import { pause } from "../lib/backoff.ts";
import { writeAtomic } from "../lib/file.ts";
import { brief, type Log } from "../lib/log.ts";
import { call } from "../machine/api.ts";
import type { Guard } from "../machine/guard/guard.ts";
import { PolarisError } from "../wire/error.ts";
import { Policy } from "../wire/policy.ts";
import type { Accounts } from "./accounts.ts";

/** How late a recorder is that runs. A team of a hundred asks the server five times a second, for one row. */
const EVERY_MS = 20_000;
/** Nothing is written down before a new sign-in's policy is known, unless its server is this slow. */
const FIRST_MS = 2_000;

const Kept = z.record(z.string(), Policy);
type Kept = z.infer<typeof Kept>;

export interface Policies extends AsyncDisposable {
  /** The sign-ins changed. */
  refresh(): void;
  /** Every sign-in's has been asked for, or what is known must do. */
  ready: Promise<void>;
}

/**
 * What the organisations of this machine's sign-ins say of their secrets. Kept in a file, so that a recorder that starts
 * without its server applies what it knew last.
 */
export function startPolicies({
  path,
  accounts,
  guard,
  log,
}: {
  path: string;
  accounts: Accounts;
  guard: Guard;
  log: Log;
}): Policies {
  let kept = read(path);
  let running: Promise<void> = Promise.resolve();
  const stop = new AbortController();
  const refresh = () => {
    running = running
      .then(ask)
      .catch((error) => log.warn("policy.failed", { error: brief(error) }));
  };

  async function ask(): Promise<void> {
    const next: Kept = {};
    for (const account of accounts.all()) {
      if (stop.signal.aborted) return;
      const known = kept[account.name];
      try {
        const server = { url: account.url, token: await accounts.bearer(account.name) };
        const request = { path: "/orgs/policy", timeoutMs: 10_000, signal: stop.signal };
        next[account.name] = await call(server, request, Policy);
      } catch (error) {
        if (!(error instanceof PolarisError)) throw error;
        // A server that is away, or of an earlier version: what was known goes on to count.
        if (known) next[account.name] = known;
      }
    }
    if (JSON.stringify(next) === JSON.stringify(kept)) return;
    kept = next;
    guard.adopt(Object.values(kept));
    writeAtomic(path, `${JSON.stringify(kept)}\n`);
  }

  /** Its timer ends with it: a recorder that is stopped in these two seconds does not stay for it. */
  async function first(): Promise<void> {
    const asked = new AbortController();
    const patience = pause(FIRST_MS, AbortSignal.any([asked.signal, stop.signal]));
    await Promise.race([running, patience]);
    asked.abort();
  }

  guard.adopt(Object.values(kept));
  const isNew = accounts.all().some(({ name }) => kept[name] === undefined);
  refresh();
  const ready = isNew ? first() : Promise.resolve();
  const timer = setInterval(refresh, EVERY_MS);
  timer.unref();
  return {
    refresh,
    ready,
    async [Symbol.asyncDispose]() {
      stop.abort();
      clearInterval(timer);
      await running;
    },
  };
}

/** Ours alone, written whole: what cannot be read is asked for anew. */
function read(path: string): Kept {
  try {
    return Kept.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return {};
  }
}
