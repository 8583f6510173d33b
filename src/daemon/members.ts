import { statSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import type { z } from "zod";
import type { Agent } from "../agents/agent.ts";
import { repositoryOf } from "../machine/git.ts";
import { PolarisError } from "../wire/error.ts";
import type { Binding, Join, Joined, Leave, Link, Unlink } from "../wire/local.ts";
import type { Accounts, Home } from "./accounts.ts";
import { type Bound, bind, bindingOf } from "./bindings.ts";
import { append } from "./events.ts";
import type { Followers } from "./followers.ts";
import { letGo } from "./heard.ts";
import type { Hooks } from "./hooks.ts";
import type { Journal } from "./journal.ts";
import { link, spotOf, unlink } from "./links.ts";
import { own } from "./own.ts";
import { seatOf } from "./seat.ts";
import { type Seat, startSeats } from "./seats.ts";
import { begin, type Session, sessionNamed, sessionOf } from "./sessions.ts";
import { forget } from "./tails.ts";
import type { Upstream } from "./upstream.ts";

interface Needs {
  journal: Journal;
  agents: readonly Agent[];
  followers: Followers;
  hooks: Hooks;
  upstream: Upstream;
  home: Accounts["home"];
}

/** What people decide about recording: join, leave, link, unlink. */
export function startMembers({ journal, agents, followers, hooks, upstream, home }: Needs) {
  const { db } = journal;
  const seats = startSeats(upstream);

  async function join(wish: z.infer<typeof Join>): Promise<Joined> {
    const agent = agents.find(({ name }) => name === wish.agent);
    if (!agent) throw new PolarisError("invalid_input", `There is no agent "${wish.agent}".`);
    const { agentSession } = wish;
    const before = agentSession ? bindingOf(db, agentSession) : undefined;
    const here = home();
    if (before && isSame(before, wish, here)) return joined(before.session, before, null);
    const there = await seats.take(here, wish);
    if (!agentSession) return await ahead(wish, here, agent, there);
    // What was said so far belongs to where it was said.
    if (before && before.state !== "left") await leave({ agentSession });
    const seen = hooks.seen(agentSession);
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
      append(db, session.id, [own("session.joined", session)]);
      if (made.paused) append(db, session.id, [own("recording.paused", session)]);
      return made;
    });
    followers.poke(agentSession);
    return joined(bound.session, bound, there?.brief ?? null);
  }

  /** Before any agent runs: the next session that begins in this directory goes on with it. */
  async function ahead(
    wish: z.infer<typeof Join>,
    here: Home,
    agent: Agent,
    there: Seat | undefined,
  ): Promise<Joined> {
    const { cwd } = wish;
    if (!cwd) throw new PolarisError("invalid_input", "Which directory?");
    const session = await journal.write(() => {
      const made = sessionFor(wish, here, agent, there, cwd);
      append(db, made.id, [own("session.joined", made)]);
      db.query(
        `insert into awaited (directory, session, at, brief) values (?1, ?2, ?3, ?4)
         on conflict (directory) do update set session = ?2, at = ?3, brief = ?4, agent_session = null`,
      ).run(cwd, made.id, Date.now(), there?.brief ?? null);
      return made;
    });
    return joined(session.id, null, there?.brief ?? null);
  }

  function joined(id: string, bound: Bound | null, brief: string | null): Joined {
    const session = sessionOf(db, id);
    const { project = "", name = "" } = session ?? {};
    return { ...(bound ? bindingView(journal, bound) : { project, name }), brief };
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
    const bound = seatOf(db, session);
    // It is for the other machine now; to call it undelivered would be that machine's word.
    await journal.write(() => letGo(db, session));
    if (bound) await leave({ agentSession: bound.agent_session });
  }

  async function leave({ agentSession }: z.infer<typeof Leave>): Promise<{ left: boolean }> {
    const bound = bindingOf(db, agentSession);
    if (!bound || bound.state === "left") return { left: false };
    await followers.finish(agentSession);
    await journal.write(() => {
      const session = sessionOf(db, bound.session);
      if (session) append(db, session.id, [own("session.left", session)]);
      db.query("update bindings set state = 'left' where agent_session = ?").run(agentSession);
      forget(db, agentSession);
    });
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
