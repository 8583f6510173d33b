import { statSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import type { z } from "zod";
import type { Agent } from "../agents/agent.ts";
import { repositoryOf } from "../machine/git.ts";
import { PolarisError } from "../wire/error.ts";
import type { Binding, Join, Leave, Link, Unlink } from "../wire/local.ts";
import type { Accounts, Home } from "./accounts.ts";
import { type Bound, bind, bindingOf } from "./bindings.ts";
import { append } from "./events.ts";
import type { Followers } from "./followers.ts";
import type { Hooks } from "./hooks.ts";
import type { Journal } from "./journal.ts";
import { link, spotOf, unlink } from "./links.ts";
import { own } from "./own.ts";
import { begin, type Session, sessionNamed, sessionOf } from "./sessions.ts";
import { forget } from "./tails.ts";

interface Needs {
  journal: Journal;
  agents: readonly Agent[];
  followers: Followers;
  hooks: Hooks;
  home: Accounts["home"];
}

/** What people decide about recording: join, leave, link, unlink. */
export function startMembers({ journal, agents, followers, hooks, home }: Needs) {
  const { db } = journal;

  async function join(wish: z.infer<typeof Join>): Promise<Binding> {
    const agent = agents.find(({ name }) => name === wish.agent);
    if (!agent) throw new PolarisError("invalid_input", `There is no agent "${wish.agent}".`);
    const before = bindingOf(db, wish.agentSession);
    const here = home();
    if (before && isSame(before, wish, here)) return bindingView(journal, before);
    // What was said so far belongs to where it was said.
    if (before && before.state !== "left") await leave(wish);
    const seen = hooks.seen(wish.agentSession);
    const cwd = wish.cwd ?? seen?.cwd ?? before?.cwd ?? undefined;
    const bound = await journal.write(() => {
      const session =
        rejoined(wish, here) ??
        begin(db, {
          ...here,
          agent: agent.participant,
          project: wish.project,
          name: wish.name,
          cwd,
        });
      const transcript = wish.transcript ?? seen?.transcript ?? before?.transcript ?? undefined;
      const made = bind(
        db,
        session,
        {
          agentSession: wish.agentSession,
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
    followers.poke(wish.agentSession);
    return bindingView(journal, bound);
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
    if (!known) return undefined;
    const other = db
      .query<{ agent_session: string }, [string, string]>(
        "select agent_session from bindings where session = ? and state = 'live' and agent_session <> ?",
      )
      .get(known.id, agentSession);
    if (!other) return known;
    throw new PolarisError("seat_taken", `${project}/${name} is being driven from this machine.`, {
      hint: "Leave it there first, or choose another name.",
    });
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
