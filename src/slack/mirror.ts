import type { Db } from "../core/database.ts";
import * as mirror from "../core/slack-mirror.ts";
import { backoff, pause } from "../lib/backoff.ts";
import { brief, type Log } from "../lib/log.ts";
import { startTurns } from "../lib/turns.ts";
import { tellAnswers } from "./mirror/answers.ts";
import { archiveIdle } from "./mirror/idle.ts";
import { render } from "./outbound.ts";

/** Says in Slack what happened. */
export type Speak = typeof render;

/** Events of one transaction, and the times a single event may fail before it is passed over. */
const STEP = 100;
const TRIES = 5;
/** Bells may be lost. */
const SWEEP_MS = 3000;

/** Follows every project of one organisation with a durable cursor each, and puts what it has to say into the outbox. */
export function startMirror(options: {
  db: Db;
  log: Log;
  org: string;
  team: string;
  publicUrl: string;
  speak?: Speak | undefined;
  /** The outbox has something new. */
  onMoved(): void;
}) {
  const { db, log, org, team, publicUrl, onMoved, speak = render } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const inTurn = startTurns(4);
  const walking = new Map<string, { again: boolean; walk: Promise<void> }>();

  const say: mirror.Render = (tx, project, events) => speak(tx, { ...project, publicUrl }, events);

  function ring(project: string): void {
    if (signal.aborted) return;
    const known = walking.get(project);
    if (known) {
      known.again = true;
      return;
    }
    const state = { again: false, walk: Promise.resolve() };
    walking.set(project, state);
    state.walk = inTurn("", () => walk(project, state)).finally(() => {
      walking.delete(project);
      if (state.again) ring(project);
    });
  }

  async function walk(project: string, state: { again: boolean }): Promise<void> {
    const retry = backoff({ maxMs: 5000 });
    let limit = STEP;
    for (let failures = 0; !signal.aborted; ) {
      state.again = false;
      try {
        if (await tellAnswers(db, { org, team })) onMoved();
        const { more, moved } = await mirror.step(db, { org, team, project }, say, limit);
        if (moved) onMoved();
        if (!more) return;
        failures = 0;
        limit = Math.min(limit * 2, STEP);
      } catch (error) {
        log.warn("slack.mirror_failed", { error: brief(error) });
        limit = 1; // find the one that cannot be mirrored
        if (++failures > TRIES && !mirror.isAway(error)) {
          log.error("slack.event_skipped", { project, error: brief(error) });
          // Where even that cannot be written, it is tried again with the event.
          await mirror.skip(db, org, project).then(
            () => {
              failures = 0;
            },
            (cause) => log.warn("slack.skip_failed", { project, error: brief(cause) }),
          );
        }
        await pause(retry.next(), signal);
      }
    }
  }

  async function sweep(): Promise<void> {
    while (!signal.aborted) {
      try {
        if (await tellAnswers(db, { org, team })) onMoved();
        if (await archiveIdle(db, { org, team })) onMoved();
        for (const project of await mirror.behind(db, org)) ring(project);
      } catch (error) {
        log.warn("slack.sweep_failed", { error: brief(error) });
      }
      await pause(SWEEP_MS, signal);
    }
  }
  const sweeping = sweep();

  return {
    ring,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await sweeping;
      await Promise.allSettled([...walking.values()].map(({ walk }) => walk));
    },
  };
}
