import { z } from "zod";
import { backoff, pause } from "../lib/backoff.ts";
import { brief, type Log } from "../lib/log.ts";
import { type Server, send } from "../machine/api.ts";
import { HOLDS } from "../wire/injection.ts";
import type { Abreast } from "./abreast.ts";
import type { Account, Accounts } from "./accounts.ts";
import { live } from "./bindings.ts";
import { Heard, hear } from "./heard.ts";
import { heldOf, hold } from "./holding.ts";
import { isKnown } from "./ids.ts";
import type { Journal } from "./journal.ts";
import { type Session, sessionOf } from "./sessions.ts";
import { frames } from "./sse.ts";

/** A stream that is silent this long is taken for dead (servers send a comment at least every half minute). */
const SILENT_MS = 90_000;
/** How often the set of live sessions is compared with the streams that are open. */
const CENSUS_MS = 10_000;
/** A session that has just begun is looked for sooner. */
const SOON_MS = 200;

/**
 * Listens for advice: one stream per live session that the server knows. What is addressed to a session goes into the
 * mailbox, in the same transaction as the cursor, and waits there for its delivery.
 */
export function startDownlink(needs: {
  journal: Journal;
  accounts: Accounts;
  abreast: Abreast;
  log: Log;
  /** A session goes on at another machine. */
  elsewhere: (session: string) => void;
  /** Its pull request shall be told of a session. */
  pull: (session: string, event: Heard) => void;
}): AsyncDisposable & { census(): void } {
  const { journal, accounts, abreast, log, elsewhere, pull } = needs;
  const { db } = journal;
  const streams = new Map<string, { stop: AbortController; done: Promise<void> }>();

  function census(): void {
    const wanted = new Set(live(db).map(({ session }) => session));
    for (const [id, stream] of streams) {
      const session = sessionOf(db, id);
      if (wanted.has(id) && session && accounts.of(session)) continue;
      stream.stop.abort();
      streams.delete(id);
    }
    for (const id of wanted) {
      const session = sessionOf(db, id);
      // Before its first acknowledged event the server has never heard of it.
      if (streams.has(id) || !session || session.acked === 0 || !accounts.of(session)) continue;
      const stop = new AbortController();
      streams.set(id, { stop, done: listen(id, stop.signal) });
    }
  }

  async function listen(id: string, signal: AbortSignal): Promise<void> {
    const wait = backoff({ firstMs: 500, maxMs: 60_000 });
    const shown: Shown = {};
    while (!signal.aborted) {
      const session = sessionOf(db, id);
      const account = session && accounts.of(session);
      try {
        if (account && (await connect(session, account, shown, signal))) wait.reset();
      } catch (error) {
        if (!signal.aborted) log.info("downlink.lost", { session: id, error: brief(error) });
      }
      await pause(wait.next(), signal);
    }
  }

  /** One connection, until it ends. Answers whether it brought anything. */
  async function connect(
    session: Session,
    account: Account,
    shown: Shown,
    signal: AbortSignal,
  ): Promise<boolean> {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), SILENT_MS);
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENT_MS);
    };
    try {
      const token = await accounts.bearer(account.name, shown.refused);
      const path = `/projects/${session.project}/sessions/${session.name}/events`;
      const response = await fetch(`${account.url.replace(/\/+$/, "")}${path}`, {
        headers: {
          authorization: `Bearer ${token}`,
          accept: "text/event-stream",
          "last-event-id": String(session.heard),
          [HOLDS]: "1",
        },
        redirect: "manual",
        signal: AbortSignal.any([signal, silence.signal]),
      });
      shown.refused = response.status === 401 ? token : undefined;
      if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
        throw new Error(`the server answered ${response.status} instead of a stream`);
      }
      if (!response.body) return false;
      let any = false;
      const server = { url: account.url, token };
      const goal = await lastSeq(server, session);
      if (session.heard >= goal) abreast.mark(session.id);
      const tell = (id: string) => void hold(server, session, id, { log, signal });
      for (const id of heldOf(db, session.id)) tell(id);
      for await (const { data } of frames(tap(response.body, heard))) {
        const event = await keep(session.id, data);
        if (event) any = true;
        if (event && event.seq >= goal) abreast.mark(session.id);
        const held = event && heldBy(event);
        if (held) tell(held);
      }
      return any;
    } finally {
      clearTimeout(timer);
      abreast.drop(session.id);
    }
  }

  async function keep(session: string, data: string): Promise<Heard | undefined> {
    const event = Heard.safeParse(json(data));
    if (!event.success) return undefined;
    const { seq, kind } = event.data;
    const isAdvice = kind.startsWith("injection.");
    await journal.write(
      () => {
        if (isAdvice) hear(db, session, event.data);
        db.query("update sessions set heard = max(heard, ?) where id = ?").run(seq, session);
      },
      // What is not for us costs no sync: heard again, it passes again.
      { lazy: !isAdvice },
    );
    if (kind === "session.joined" && !isKnown(db, event.data.id)) elsewhere(session);
    if (kind === "pull.asked") pull(session, event.data);
    return event.data;
  }

  const timer = setInterval(census, CENSUS_MS);
  timer.unref();
  let soon: Timer | undefined;
  const commits = journal.onCommit(() => {
    soon ??= setTimeout(() => {
      soon = undefined;
      census();
    }, SOON_MS);
  });
  const learned = accounts.onLearned(census);
  census();
  return {
    census,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      clearTimeout(soon);
      commits[Symbol.dispose]();
      learned[Symbol.dispose]();
      for (const { stop } of streams.values()) stop.abort();
      await Promise.all([...streams.values()].map(({ done }) => done));
    },
  };
}

/** The advice whose words came with this event. */
const heldBy = ({ kind, id, body }: Heard): string | undefined =>
  kind === "injection.queued"
    ? id
    : kind === "injection.edited" && typeof body.injection === "string"
      ? body.injection
      : undefined;

/** How far the server's record of a session goes; 0 when it does not say. */
async function lastSeq(server: Server, { project, name }: Session): Promise<number> {
  const path = `/projects/${project}/sessions/${name}`;
  const { json } = await send(server, { path, timeoutMs: 5_000 });
  return Known.safeParse(json).data?.lastSeq ?? 0;
}

const Known = z.looseObject({ lastSeq: z.int() });

/** The token the server has refused last. */
interface Shown {
  refused?: string | undefined;
}

/** Calls `heard` with every chunk that passes. */
function tap(stream: ReadableStream<Uint8Array>, heard: () => void): ReadableStream<Uint8Array> {
  return stream.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        heard();
        controller.enqueue(chunk);
      },
    }),
  );
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
