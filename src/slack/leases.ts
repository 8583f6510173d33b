/**
 * Which workspaces are ours. Any number of bridges look for what is free every second; who holds a lease renews it every
 * two, so that after a kill -9 another has it within seven. By our own clock a lease is over a second before the
 * database says so: nobody sends on a lease that somebody else may just have got.
 */

import type { SealKeys } from "../core/seal.ts";
import * as leases from "../core/slack-leases.ts";
import { live, type Workspace } from "../core/slack-workspaces.ts";
import { pause } from "../lib/backoff.ts";
import { brief } from "../lib/log.ts";
import type { Accept } from "./catch-up.ts";
import type { Deps } from "./listeners.ts";
import type { Speak } from "./mirror.ts";
import type { RunningWorkspace } from "./workspace.ts";

const LEASE_MS = 6000;
const MARGIN_MS = 1000;
const TURN_MS = 1000;
const RENEW_TURNS = 2;
/** Where nobody uses Slack. */
const QUIET_MS = 3000;

export function startLeases(options: {
  deps: Deps;
  keys: SealKeys;
  apiUrl: string;
  pace: number;
  speak?: Speak | undefined;
  refresh(workspace: Workspace): Promise<Workspace | undefined>;
  accept: Accept;
}) {
  const { deps, keys, apiUrl, pace, speak, refresh, accept } = options;
  const { db, log } = deps;
  const holder = crypto.randomUUID();
  const held = new Map<string, RunningWorkspace>();
  const endings = new Set<Promise<void>>();
  const stopping = new AbortController();
  let isQuiet = false;

  async function turn(isRenewal: boolean): Promise<void> {
    const sent = performance.now();
    const deadline = sent + LEASE_MS - MARGIN_MS;
    const wanted = await live(db, keys, (team) => log.warn("slack.token_unreadable", { team }));
    isQuiet = wanted.length === 0;
    const byTeam = new Map(wanted.map((workspace) => [workspace.team, workspace]));
    const mine = [...held.values()];
    const renewed = isRenewal
      ? await leases.renew(
          db,
          mine.map(({ lease }) => lease),
          LEASE_MS,
        )
      : undefined;
    for (const running of mine) {
      const { team, org } = running.lease;
      const fresh = byTeam.get(team);
      const isGone = !fresh || fresh.org !== org || renewed?.has(team) === false;
      if (isGone) letGo(team);
      else if (renewed) running.renewed(deadline, fresh);
    }
    for (const workspace of wanted) if (!held.has(workspace.team)) await take(workspace);
  }

  async function take(workspace: Workspace): Promise<void> {
    const { team, org } = workspace;
    const sent = performance.now();
    const lease = await leases.take(db, { org, team, holder }, LEASE_MS);
    if (!lease || stopping.signal.aborted) return;
    log.info("slack.lease_taken", { team, fence: lease.fence });
    const deadline = sent + LEASE_MS - MARGIN_MS;
    // Slack's client costs 29 ms and 13 MB: only where a workspace is connected.
    const { startWorkspace } = await import("./workspace.ts");
    const onPaused = () => held.get(team)?.lost();
    held.set(
      team,
      startWorkspace({
        accept,
        deps,
        workspace,
        lease,
        apiUrl,
        deadline,
        pace,
        speak,
        refresh,
        onPaused,
      }),
    );
  }

  /** What is on its way ends by itself: waiting for it would cost us the leases of the others. */
  function letGo(team: string): void {
    const running = held.get(team);
    if (!running) return;
    held.delete(team);
    running.lost();
    log.info("slack.lease_gone", { team });
    const ending = running[Symbol.asyncDispose]()
      .catch((error) => log.warn("slack.workspace_end", { error: brief(error) }))
      .finally(() => endings.delete(ending));
    endings.add(ending);
  }

  async function work(): Promise<void> {
    for (let n = 0; !stopping.signal.aborted; n++) {
      try {
        await turn(n % RENEW_TURNS === 0);
      } catch (error) {
        log.warn("slack.leases_failed", { error: brief(error) });
      }
      await pause(isQuiet ? QUIET_MS : TURN_MS, stopping.signal);
    }
  }
  const working = work();

  return {
    /** Of this organisation, when its workspace is ours. */
    of: (org: string): RunningWorkspace | undefined =>
      [...held.values()].find(({ lease }) => lease.org === org),
    byTeam: (team: string): RunningWorkspace | undefined => held.get(team),
    all: (): RunningWorkspace[] => [...held.values()],
    get teams(): string[] {
      return [...held.keys()];
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await working;
      await Promise.all([...held.values()].map((running) => running[Symbol.asyncDispose]()));
      await Promise.all(endings);
    },
  };
}
