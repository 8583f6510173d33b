import pkg from "../../package.json" with { type: "json" };
import type { Agent } from "../agents/agent.ts";
import { brief, type Log } from "../lib/log.ts";
import { readCredentials, watchCredentials } from "../machine/credentials.ts";
import { identify, localParticipant } from "../machine/identity.ts";
import { makeFolders, type Paths, paths } from "../machine/paths.ts";
import type { Credentials, Status } from "../wire/local.ts";
import { live } from "./bindings.ts";
import { startDownlink } from "./downlink.ts";
import { startFollowers } from "./followers.ts";
import { startHooks } from "./hooks.ts";
import { startJournal } from "./journal.ts";
import { links } from "./links.ts";
import { lock } from "./lock.ts";
import { bindingView, startMembers } from "./members.ts";
import { startPruner } from "./prune.ts";
import { routes } from "./routes.ts";
import { listen } from "./socket.ts";
import { startSpool } from "./spool.ts";
import { journalStatus, statusLine, unknown } from "./status.ts";
import { startUpdates } from "./updates.ts";
import { startUplink } from "./uplink.ts";

export interface Daemon extends AsyncDisposable {
  place: Paths;
}

export interface DaemonOptions {
  /** `$POLARIS_HOME` unless given. */
  home?: string;
  agents: readonly Agent[];
  log: Log;
}

/** The whole life of this machine's recorder, in the order in which its parts need each other. */
export async function startDaemon({ home, agents, log }: DaemonOptions): Promise<Daemon> {
  await using parts = new AsyncDisposableStack();
  const place = paths(home);
  makeFolders(place);
  parts.use(lock(place));

  const machine = identify(place.machine);
  const own = localParticipant();
  let known: Credentials | undefined = read();
  const credentials = () => known;
  const driver = () => known?.participant ?? own;

  function read(): Credentials | undefined {
    try {
      return readCredentials(place.credentials);
    } catch (error) {
      log.warn("credentials.unreadable", { error: brief(error) });
      return undefined;
    }
  }

  const journal = parts.use(startJournal(place.journal, log));
  parts.use(startPruner(journal));
  const uplink = parts.use(startUplink({ journal, machine, credentials, log }));
  const downlink = parts.use(startDownlink({ journal, credentials, log }));
  const ready = Promise.withResolvers<void>();
  const followers = parts.use(startFollowers({ journal, agents, log, ready: ready.promise }));
  const hooks = startHooks({ journal, agents, followers, driver });
  const members = startMembers({ journal, agents, followers, hooks, driver });
  const updates = parts.use(startUpdates({ place, log }));
  const spool = parts.use(startSpool({ place, hooks, log }));
  parts.use(
    watchCredentials(place.credentials, () => {
      known = read();
      log.info("credentials.changed");
      uplink.retry();
      downlink.census();
    }),
  );

  const startedAt = new Date().toISOString();
  const status = (): Status => {
    const { waiting, damaged } = spool.count();
    return {
      pid: process.pid,
      version: pkg.version,
      home: place.home,
      startedAt,
      server: uplink.state,
      journal: journalStatus(journal),
      spool: waiting,
      damaged,
      links: links(journal.db).map(({ directory, project }) => ({ directory, project })),
      bindings: live(journal.db).map((bound) => bindingView(journal, bound)),
      update: updates.newer,
    };
  };
  const line = (agentSession: string) =>
    statusLine(agentSession, {
      journal,
      server: uplink.state,
      driver: driver(),
      update: updates.newer,
    });

  // What was spooled is older than anything a hook says from now on.
  await spool.drain();
  ready.resolve();
  parts.use(
    listen(
      place.socket,
      routes({ hooks, members, status, line, unknown: () => unknown(journal), log }),
    ),
  );
  const alive = parts.move();
  return { place, [Symbol.asyncDispose]: () => alive.disposeAsync() };
}
