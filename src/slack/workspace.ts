import { type Lease, release } from "../core/slack-leases.ts";
import type { Workspace } from "../core/slack-workspaces.ts";
import { brief } from "../lib/log.ts";
import { startClient } from "./call.ts";
import { type Accept, startCatchUp } from "./catch-up.ts";
import { meetDaily } from "./inbound/people.ts";
import type { Deps } from "./listeners.ts";
import { type Speak, startMirror } from "./mirror.ts";
import { startRates } from "./rates.ts";
import { startSender } from "./sender.ts";

/** Calls that were under way with the token before are refused for this long at most. */
const FRESH_MS = 10_000;

/** A workspace whose lease we hold: what happens goes into its outbox, and what is in its outbox goes to Slack. */
export function startWorkspace(options: {
  deps: Deps;
  workspace: Workspace;
  lease: Lease;
  apiUrl: string;
  /** When we must believe that somebody else may have it, by our own clock. */
  deadline: number;
  pace: number;
  speak?: Speak | undefined;
  accept: Accept;
  /** A newer token than this one, where it can be had. */
  refresh(workspace: Workspace): Promise<Workspace | undefined>;
  onPaused(): void;
}) {
  const { deps, lease, apiUrl, pace, onPaused } = options;
  const { db, log, publicUrl } = deps;
  const { org, team } = lease;
  let { workspace, deadline } = options;
  let client = startClient(apiUrl, workspace.token);

  function use(fresh: Workspace): void {
    if (fresh.token !== workspace.token) client = startClient(apiUrl, fresh.token);
    workspace = fresh;
  }

  /** Several calls are refused at once, and each refresh token works once: one renewal serves them all. */
  let renewing: Promise<boolean> | undefined;
  let renewedAt = Number.NEGATIVE_INFINITY;
  async function refresh(): Promise<boolean> {
    if (performance.now() - renewedAt < FRESH_MS) return true;
    renewing ??= (async () => {
      const fresh = await options.refresh(workspace);
      if (!fresh) return false;
      use(fresh);
      renewedAt = performance.now();
      return true;
    })().finally(() => {
      renewing = undefined;
    });
    return renewing;
  }

  const rates = startRates({ pace });
  const sender = startSender({
    db,
    log,
    lease,
    workspace,
    rates,
    client: () => client,
    isOurs: () => performance.now() < deadline,
    refresh,
    onPaused,
  });
  // Names, pictures and addresses of everybody; who comes or changes later is told to us.
  const stopping = new AbortController();
  const meeting = meetDaily({ db }, client, { org, team }, stopping.signal).catch((error) =>
    log.warn("slack.people_failed", { error: brief(error) }),
  );
  const mirror = startMirror({
    db,
    log,
    org,
    team,
    publicUrl,
    onMoved: sender.kick,
    speak: options.speak,
  });

  const listening = startCatchUp({
    deps,
    lease,
    rates,
    client: () => client,
    accept: (body) => options.accept(workspace.clientId, body),
  });

  return {
    lease,
    /** Reads in Slack's history what people wrote while nobody listened. */
    catchUp: listening.go,
    get workspace(): Workspace {
      return workspace;
    },
    /** The lease was renewed; the token may be another one by now. */
    renewed(until: number, fresh: Workspace): void {
      deadline = until;
      // What was read before a renewal of ours ended is older than what we have.
      if (performance.now() - renewedAt >= FRESH_MS) use(fresh);
    },
    /** Nothing is sent from here on. */
    lost(): void {
      deadline = 0;
    },
    ring: mirror.ring,
    kick: sender.kick,
    async [Symbol.asyncDispose]() {
      await listening[Symbol.asyncDispose]();
      stopping.abort();
      await meeting;
      await mirror[Symbol.asyncDispose]();
      await sender[Symbol.asyncDispose]();
      if (performance.now() < deadline) await release(db, lease);
    },
  };
}
export type RunningWorkspace = ReturnType<typeof startWorkspace>;
