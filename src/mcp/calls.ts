import { backoff, pause } from "../lib/backoff.ts";
import { uuid7 } from "../lib/uuid.ts";
import { ask, mayBeHeard } from "../machine/local.ts";
import type { Paths } from "../machine/paths.ts";
import { PolarisError } from "../wire/error.ts";
import type { ToolAnswer } from "../wire/tools.ts";

/** A recorder that died comes back within a second or two, where a service keeps it. */
const PATIENCE_MS = 10_000;
const AGAIN = { firstMs: 100, maxMs: 1_000 };
/** The last words of a process whose agent has ended. */
const LAST_MS = 1_000;

export interface Call extends ToolAnswer {
  id: string;
}

/**
 * Calls of tools, each with an id. A recorder may die between writing down what a call did and answering it: so a call
 * that may have been heard is made again with its id, and does nothing twice. The recorder is told whether the answer
 * reached the agent, until it has taken that up.
 */
export interface Calls extends AsyncDisposable {
  use(call: { tool: string; input: Record<string, unknown>; isOnce: boolean }): Promise<Call>;
  /** Whether the agent was given the answer. */
  settle(call: string, given: boolean): void;
}

export function startCalls({ place }: { place: Pick<Paths, "socket"> }): Calls {
  const stop = new AbortController();
  const unsaid = new Map<string, boolean>();
  let saying: Promise<void> | undefined;

  function settle(call: string, given: boolean): void {
    unsaid.set(call, given);
    saying ??= say().finally(() => {
      saying = undefined;
    });
  }

  async function say(): Promise<void> {
    const wait = backoff(AGAIN);
    for (;;) {
      const [first] = unsaid;
      if (!first) return;
      const [call, given] = first;
      try {
        await ask(place, "/given", { call, given });
        unsaid.delete(call);
        wait.reset();
      } catch (error) {
        // A recorder of an earlier version has no ear for it.
        if (error instanceof PolarisError && error.code !== "daemon_unreachable")
          unsaid.delete(call);
        else if (stop.signal.aborted) return;
        else await pause(wait.next(), stop.signal);
      }
    }
  }

  return {
    settle,
    async use({ tool, input, isOnce }) {
      const id = uuid7();
      const agentSession = process.env.CLAUDE_CODE_SESSION_ID;
      const body = { call: id, pid: process.ppid, agentSession, tool, input };
      const end = Date.now() + PATIENCE_MS;
      const wait = backoff(AGAIN);
      for (let isHeard = false; ; ) {
        try {
          return { id, ...(await ask<ToolAnswer>(place, "/tool", body, 30_000)) };
        } catch (error) {
          if (!(error instanceof PolarisError)) throw error;
          isHeard ||= mayBeHeard(error);
          if (!isHeard || isOnce || Date.now() > end || stop.signal.aborted) {
            if (isHeard) settle(id, false);
            const { message, hint } = error;
            // The recorder's absence is an answer that says what to do, not a failure of the protocol.
            return { id, text: `Not connected: ${message} ${hint}`.trim(), isError: true };
          }
          await pause(wait.next(), stop.signal);
        }
      }
    },
    async [Symbol.asyncDispose]() {
      const last = setTimeout(() => stop.abort(), LAST_MS);
      await saying;
      clearTimeout(last);
      stop.abort();
    },
  };
}
