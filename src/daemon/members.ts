import { statSync } from "node:fs";
import { dirname, isAbsolute, resolve } from "node:path";
import type { z } from "zod";
import type { Agent } from "../agents/agent.ts";
import { pause } from "../lib/backoff.ts";
import { repositoryOf } from "../machine/git.ts";
import { PolarisError } from "../wire/error.ts";
import type { Binding, Join, Joined, Leave, Link, Unlink } from "../wire/local.ts";
import type { Accounts, Home } from "./accounts.ts";
import { awaitAgent, awaitHere, awaitNoMore } from "./awaited.ts";
import * as bindings from "./bindings.ts";
import { type Bound, bind, bindingOf } from "./bindings.ts";
import { append } from "./events.ts";
import type { Followers } from "./followers.ts";
import { letGo } from "./heard.ts";
import type { Hooks } from "./hooks.ts";
import type { Journal } from "./journal.ts";
import { link, spotOf, unlink } from "./links.ts";
import { type Offered, startOffers } from "./offers.ts";
import { own } from "./own.ts";
import { type Seat, startSeats } from "./seats.ts";
import { begin, type Session, sessionNamed, sessionOf } from "./sessions.ts";
import type { Slates } from "./slates.ts";
import type { Upstream } from "./upstream.ts";

/** What a join finds of a session that has begun already. */
interface Found {
  there: Seat | undefined;
  offer: Offered | null;
}

/** A line reaches the agent's file up to 400 ms after it was said (measured): what was said before is recorded here. */
const LAST_WORDS_MS = 500;

interface Needs {
  journal: Journal;
  agents: readonly Agent[];
  followers: Followers;
  hooks: Hooks;
  upstream: Upstream;
  home: Accounts["home"];
  slates: Pick<Slates, "close" | "look">;
  /** Takes up what hooks have left. */
  drain: () => Promise<void>;
}

/** What people decide about recording: join, leave, link, unlink. */
export function startMembers(needs: Needs) {
  const { journal, agents, followers, hooks, upstream, home, slates, drain } = needs;
  const { db } = journal;
  const seats = startSeats(upstream);
  const offers = startOffers({ db, upstream });

  async function join(wish: z.infer<typeof Join>): Promise<Joined> {
    const agent = agents.find(({ name }) => name === wish.agent);
    if (!agent) throw new PolarisError("invalid_input", `There is no agent "${wish.agent}".`);
    const { agentSession } = wish;
    const before = agentSession ? bindingOf(db, agentSession) : undefined;
    const here = home();
    if (before && isSame(before, wish, here)) return joined(before.session, before);
    const there = await seats.take(here, wish);
    const seen = agentSession ? hooks.seen(agentSession) : undefined;
    const lies = seen?.transcript ?? before?.transcript;
    const where = { ...(lies ? { transcripts: dirname(dirname(lies)) } : {}), ...wish };
    const offer = there ? await offers(where, here, agent, there).catch(unasked(wish)) : null;
    if (!agentSession) return await ahead(wish, here, agent, { there, offer });
    // What was said so far belongs to where it was said.
    if (before && before.state !== "left") await leave({ agentSession });
    const cwd = wish.cwd ?? seen?.cwd ?? before?.cwd ?? undefined;
    const bound = await journal.write(() => {
      const session = sessionFor(wish, here, agent, there, cwd);
      const transcript = wish.transcript ?? seen?.transcript ?? before?.transcript ?? undefined;
      const made = bind(
        db,
        session,
        {
          agentSession,
          ...(transcript ? { transcript } : {}),
          ...(cwd ? { cwd } : {}),
        },
        {
          agent: agent.name,
          pid: seen?.pid,
          subagents: (path) => agent.subagentsFolder(path),
        },
        "end",
      );
      append(db, session.id, [own("session.joined", session, { body: { agentSession } })]);
      expect(wish, session.id, offer);
      if (made.paused) append(db, session.id, [own("recording.paused", session)]);
      return made;
    });
    slates.look(agentSession);
    followers.poke(agentSession);
    return joined(bound.session, bound, { there, offer });
  }

  /** Before any agent runs: the next session that begins in this directory goes on with it. */
  async function ahead(
    wish: z.infer<typeof Join>,
    here: Home,
    agent: Agent,
    found: Found,
  ): Promise<Joined> {
    const { cwd } = wish;
    if (!cwd) throw new PolarisError("invalid_input", "Which directory?");
    const { there, offer } = found;
    const session = await journal.write(() => {
      const made = sessionFor(wish, here, agent, there, cwd);
      append(db, made.id, [own("session.joined", made)]);
      awaitHere(db, cwd, { session: made.id, brief: there?.brief ?? null });
      expect(wish, made.id, offer);
      return made;
    });
    return joined(session.id, null, found);
  }

  /** Whichever conversation was offered: begun here, it is this session's. Runs inside `journal.write`. */
  function expect({ next }: z.infer<typeof Join>, session: string, found: Offered | null): void {
    const agentSession = found?.offer.from === "record" ? next : found?.agentSession;
    if (agentSession) awaitAgent(db, agentSession, session);
  }

  function joined(id: string, bound: Bound | null, found: Partial<Found> = {}): Joined {
    const session = sessionOf(db, id);
    const { project = "", name = "" } = session ?? {};
    return {
      ...(bound ? bindingView(journal, bound) : { project, name }),
      brief: found.there?.brief ?? null,
      offer: found.offer?.offer ?? null,
    };
  }

  /** Runs inside `journal.write`. */
  function sessionFor(
    wish: z.infer<typeof Join>,
    here: Home,
    agent: Agent,
    there: Seat | undefined,
    cwd: string | undefined,
  ): Session {
    const { project, name } = wish;
    const known = (there && sessionOf(db, there.id)) ?? rejoined(wish, here);
    if (known && there) demandFree(known, wish.agentSession);
    if (known && there) {
      // It went on elsewhere meanwhile: what was said then is no news.
      db.query("update sessions set heard = max(heard, ?), driver = ? where id = ?").run(
        there.lastSeq,
        here.driver,
        known.id,
      );
    }
    if (known) return { ...known, driver: there ? here.driver : known.driver };
    const wanted = { ...here, agent: agent.participant, project, name, cwd };
    return begin(db, there ? { ...wanted, id: there.id, heard: there.lastSeq } : wanted);
  }

  function isSame(bound: Bound, { project, name }: z.infer<typeof Join>, { org }: Home): boolean {
    const session = sessionOf(db, bound.session);
    if (bound.state !== "live" || session?.project !== project) return false;
    if (session.org !== null && org !== null && session.org !== org) return false;
    return name === undefined || session.name === name;
  }

  /** A name this machine has fed before means that session, unless another agent session speaks in it now. */
  function rejoined(
    { project, name, agentSession }: z.infer<typeof Join>,
    { org }: Home,
  ): Session | undefined {
    const known = name ? sessionNamed(db, project, name, org) : undefined;
    if (known) demandFree(known, agentSession);
    return known;
  }

  function demandFree({ id, project, name }: Session, agentSession: string | undefined): void {
    const other = db
      .query<{ agent_session: string }, [string, string]>(
        "select agent_session from bindings where session = ? and state = 'live' and agent_session <> ?",
      )
      .get(id, agentSession ?? "");
    if (!other) return;
    throw new PolarisError("seat_taken", `${project}/${name} is being driven from this machine.`, {
      hint: "Leave it there first, or choose another name.",
    });
  }

  /** The session goes on at another machine: nothing more of it is said here, and nothing is delivered. */
  async function depart(session: string): Promise<void> {
    // It is for the other machine now; to call it undelivered would be that machine's word.
    await journal.write(() => {
      letGo(db, session);
      awaitNoMore(db, session);
    });
    const bounds = db
      .query<{ agentSession: string }, [string]>(
        "select agent_session as agentSession from bindings where session = ? and state <> 'left'",
      )
      .all(session);
    if (bounds.length > 0) await pause(LAST_WORDS_MS);
    for (const bound of bounds) await leave(bound);
  }

  async function leave({ agentSession }: z.infer<typeof Leave>): Promise<{ left: boolean }> {
    const bound = bindingOf(db, agentSession);
    if (!bound || bound.state === "left") return { left: false };
    slates.close(agentSession);
    await drain();
    await followers.finish(agentSession);
    await journal.write(() => bindings.leave(db, bindingOf(db, agentSession) ?? bound));
    slates.look(agentSession);
    return { left: true };
  }

  return {
    join,
    leave,
    depart,
    async link({ directory, project, here }: z.infer<typeof Link>) {
      if (
        !isAbsolute(directory) ||
        !statSync(directory, { throwIfNoEntry: false })?.isDirectory()
      ) {
        throw new PolarisError("invalid_input", `${directory} is not a directory.`);
      }
      const place = resolve(directory);
      const spot = spotOf(place, here ? undefined : repositoryOf(place));
      await journal.write(() => link(db, spot, project, home()));
      return { directory: place, project, ...(spot.remote ? { remote: spot.remote } : {}) };
    },
    async unlink({ directory }: z.infer<typeof Unlink>) {
      const place = resolve(directory);
      const spot = spotOf(place, repositoryOf(place));
      return { unlinked: await journal.write(() => unlink(db, spot)) };
    },
  };
}

/** What stands beside the brief: that it cannot be found out hinders only who asks for it. */
const unasked = (wish: z.infer<typeof Join>) => (error: unknown) => {
  if (wish.next) throw error;
  return null;
};

export type Members = ReturnType<typeof startMembers>;

export function bindingView({ db }: Pick<Journal, "db">, bound: Bound): Binding {
  const session = sessionOf(db, bound.session);
  return {
    agentSession: bound.agent_session,
    session: bound.session,
    project: session?.project ?? "",
    name: session?.name ?? "",
    cwd: bound.cwd,
    transcript: bound.transcript,
    events: session ? session.next_pos - 1 : 0,
    acked: session?.acked ?? 0,
    paused: bound.paused === 1,
  };
}
