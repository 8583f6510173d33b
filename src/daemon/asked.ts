import type { Agent } from "../agents/agent.ts";
import { pause } from "../lib/backoff.ts";
import { PolarisError } from "../wire/error.ts";
import type { Abreast } from "./abreast.ts";
import * as mail from "./advice.ts";
import { SETTLED_MS } from "./answers.ts";
import type { Bound } from "./bindings.ts";
import { fitting } from "./fitting.ts";
import type { Journal } from "./journal.ts";
import * as moves from "./moves.ts";

/**
 * A tool's long answer is moved to a file too, and the model sees its first 2 KB: of 50 pieces in 204 KB it read one
 * (seen with Claude Code 2.1.329). This much stands whole.
 */
const MOST = 20_000;

/** What the agent asks for and says by its own tools. */
export interface Asked {
  /**
   * What waits for a way into this session, as much as is read at once. It counts as seen when `polaris mcp` has written the answer, or the
   * transcript holds it; the same call again, because no answer came, gets the same. Undefined when there is nothing.
   */
  empty(bound: Bound, call: string | undefined): Promise<string | undefined>;
  /** What the agent says to advice. That it does is proof that it has read it. */
  reply(bound: Bound, id: string, text: string): Promise<void>;
}

export function startAsked({
  journal,
  agents,
  abreast,
}: {
  journal: Journal;
  agents: readonly Agent[];
  abreast: Pick<Abreast, "has">;
}): Asked {
  const { db } = journal;
  const current = ({ session }: Bound) => (abreast.has(session) ? mail.waiting(db, session) : []);

  return {
    async empty(bound, call) {
      const form = agents.find(({ name }) => name === bound.agent)?.advice;
      if (!form) return undefined;
      const station = call?.toLowerCase() ?? null;
      // Handed over before without a sign: the agent, which is alive, had its turn to read it. See `settled` in answers.ts.
      const isElsewhere = (advice: mail.Advice) =>
        advice.route !== null && advice.station !== station;
      if (current(bound).some(isElsewhere)) await pause(SETTLED_MS);
      const to = { route: "inbox", agentSession: bound.agent_session, station } as const;
      let left = 0;
      const words = await journal.write(() => {
        const again = station === null ? [] : mail.carriedBy(db, station);
        const all = [...again, ...current(bound)].sort((a, b) => a.seq - b.seq);
        const fresh = new Map(all.map((advice) => [advice.id, advice]));
        const said = fitting([...fresh.values()], MOST, (some) =>
          some.map((advice) => form.frame(mail.wordsOf(advice))).join("\n\n"),
        );
        left = fresh.size - said.length;
        return said.flatMap(({ id }) => {
          const words = moves.handing(db, { id }, to);
          // A caller of an earlier version says nothing of its answer.
          if (words && station === null) moves.seen(db, id, "tool");
          return words ?? [];
        });
      });
      if (words.length === 0) return undefined;
      const more = left > 0 ? [`More is waiting (${left}): call polaris_inbox again.`] : [];
      return [...words.map(form.frame), ...more].join("\n\n");
    },
    async reply(bound, injection, text) {
      const id = injection.toLowerCase();
      const advice = mail.adviceOf(db, id);
      if (!advice || !mail.concerns(db, advice, bound.session)) {
        throw new PolarisError("not_found", `There was no advice ${injection} here.`, {
          hint: "Its id stands at its head.",
        });
      }
      await journal.write(() => {
        moves.seen(db, id, "tool");
        moves.answered(db, id, text);
      });
    },
  };
}
