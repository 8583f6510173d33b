import { brief, type Log } from "../lib/log.ts";
import { uuid5 } from "../lib/uuid.ts";
import { findPull } from "../machine/pull.ts";
import { PolarisError } from "../wire/error.ts";
import type { Body } from "../wire/event.ts";
import { PullAsk } from "../wire/pull.ts";
import type { Accounts } from "./accounts.ts";
import { live } from "./bindings.ts";
import { append } from "./events.ts";
import type { Heard } from "./heard.ts";
import { isKnown } from "./ids.ts";
import type { Journal } from "./journal.ts";
import { own } from "./own.ts";
import { sessionOf } from "./sessions.ts";

/** Of the answers: a wish that is heard twice is answered once. */
const NAMESPACE = "0198d2c4-77aa-7d11-8a52-61b0f2a4c9d3";
/** A recorder that was away, or has lost its place in the stream, hears old wishes again; nobody waits for them. */
const LATE_MS = 10 * 60_000;

/**
 * Carries out what was wished for on a session's page: tells its pull request of it, with the GitHub token of the person
 * whose machine this is (GITHUB_TOKEN of the recorder, else `gh auth token`). One after the other; wishes for a session
 * that is waiting already are answered by the first.
 */
export function startPulls({
  journal,
  accounts,
  log,
}: {
  journal: Journal;
  accounts: Accounts;
  log: Log;
}) {
  const { db } = journal;
  const waiting = new Set<string>();
  let queue: Promise<void> = Promise.resolve();
  let stopped = false;

  async function tell(id: string, number: number | undefined): Promise<Body> {
    const session = sessionOf(db, id);
    const account = session && accounts.of(session);
    const cwd = live(db).find((bound) => bound.session === id)?.cwd;
    if (!session || !account || !cwd) {
      throw new PolarisError("not_found", "This machine knows no working tree of the session.");
    }
    const token = await accounts.bearer(account.name);
    const wanted = { cwd, env: process.env, number };
    const { pull, tell } = await findPull({ url: account.url, token }, wanted);
    const { url } = await tell();
    return { url, number: pull.number };
  }

  async function answer(session: string, { id, body }: Heard): Promise<void> {
    const answerId = uuid5(NAMESPACE, id);
    if (stopped || isKnown(db, answerId)) return;
    const { number } = PullAsk.catch({}).parse(body);
    const told = await tell(session, number).then(
      (body) => ({ kind: "pull.told" as const, body }),
      (error: unknown) => {
        log.info("pull.failed", { session, error: brief(error) });
        return { kind: "pull.failed" as const, body: { reason: reasonOf(error) } };
      },
    );
    const known = sessionOf(db, session);
    if (!known) return;
    const said = { asked: id, ...told.body };
    const event = { ...own(told.kind, known, { id: answerId, body: said }), sender: known.agent };
    await journal.write(() => {
      append(db, session, [event]);
    });
  }

  return {
    /** Takes up a wish that the server's stream brought. */
    hear(session: string, event: Heard): void {
      const age = event.at === undefined ? 0 : Date.now() - Date.parse(event.at);
      if (age > LATE_MS || waiting.has(session)) return;
      waiting.add(session);
      queue = queue
        .then(() => answer(session, event))
        .catch((error: unknown) => log.warn("pull.lost", { session, error: brief(error) }))
        .finally(() => waiting.delete(session));
    },
    async [Symbol.asyncDispose]() {
      stopped = true;
      await queue;
    },
  };
}

/** What went wrong and what helps, as the command would say it; nothing of other errors leaves this machine. */
const reasonOf = (error: unknown): string =>
  error instanceof PolarisError
    ? [error.message, error.hint].filter(Boolean).join(" ")
    : "The machine could not do it.";
