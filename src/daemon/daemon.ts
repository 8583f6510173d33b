import pkg from "../../package.json" with { type: "json" };
import type { Agent } from "../agents/agent.ts";
import type { Log } from "../lib/log.ts";
import { watchCredentials } from "../machine/credentials.ts";
import { startGuard } from "../machine/guard/guard.ts";
import { identify } from "../machine/identity.ts";
import { makeFolders, type Paths, paths } from "../machine/paths.ts";
import type { Status } from "../wire/local.ts";
import { startAbreast } from "./abreast.ts";
import { startAccounts } from "./accounts.ts";
import { askServer } from "./backfill.ts";
import { startBells } from "./bells.ts";
import { live } from "./bindings.ts";
import { startCommits } from "./commits.ts";
import { startDownlink } from "./downlink.ts";
import { startFollowers } from "./followers.ts";
import { startHooks } from "./hooks.ts";
import { startJobs } from "./jobs.ts";
import { startJournal } from "./journal.ts";
import { links } from "./links.ts";
import { lock } from "./lock.ts";
import { startMailbox } from "./mailbox.ts";
import { bindingView, startMembers } from "./members.ts";
import { startPauses } from "./pauses.ts";
import { startPolicies } from "./policies.ts";
import { startPruner } from "./prune.ts";
import { startPulls } from "./pulls.ts";
import { startRecovery } from "./recovery.ts";
import { startRehearsal } from "./rehearsal.ts";
import { startRest } from "./rest.ts";
import { routes } from "./routes.ts";
import { silentSince } from "./silence.ts";
import { startSlates } from "./slates.ts";
import { listen } from "./socket.ts";
import { startSpool } from "./spool.ts";
import { elsewhere, journalStatus, statusLine, unknown } from "./status.ts";
import { startTools } from "./tools.ts";
import { startUnchecked, uncheckedStatus } from "./unchecked.ts";
import { startUpdates } from "./updates.ts";
import { startUplinks } from "./uplinks.ts";
import { startUpstream } from "./upstream.ts";

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
  const accounts = startAccounts(place, log);
  const { home: belongs } = accounts;

  const journal = parts.use(startJournal(place.journal, log));
  parts.use(startPruner(journal));
  const guard = parts.use(
    startGuard({
      policy: place.policy,
      version: pkg.version,
      changed() {
        log.info("policy.changed", guard.error === null ? {} : { error: guard.error });
        void unchecked.retry();
      },
    }),
  );
  const abreast = startAbreast();
  const bells = startBells(place.bells);
  bells.sweep(live(journal.db).map(({ agent_session }) => agent_session));
  const slates = startSlates({ place, db: journal.db, log });
  const mailbox = parts.use(startMailbox({ journal, agents, abreast, bells, slates, log }));
  const uplinks = parts.use(startUplinks({ journal, machine, accounts, log }));
  const pulls = parts.use(startPulls({ journal, accounts, log }));
  const downlink = parts.use(
    startDownlink({
      journal,
      accounts,
      abreast,
      log,
      elsewhere: (session) => void members.depart(session).catch(() => undefined),
      pull: pulls.hear,
    }),
  );
  const ready = Promise.withResolvers<void>();
  const followers = parts.use(
    startFollowers({ journal, agents, guard, log, ready: ready.promise }),
  );
  const aside = place.unchecked;
  const hooks = startHooks({
    ...{ journal, agents, followers, guard, unchecked: aside, home: belongs },
    heard({ agentSession, ended }, bound) {
      if (ended) bells.remove(agentSession);
      slates.heard(agentSession, bound);
    },
  });
  const spool = parts.use(startSpool({ place, take: hooks.take, slates, log }));
  const { drain } = spool;
  const unchecked = parts.use(
    startUnchecked({ journal, agents, guard, log, poke: (session) => followers.poke(session) }),
  );
  const upstream = startUpstream(accounts);
  parts.use(startCommits({ journal, guard, log }));
  const members = startMembers({
    ...{ journal, agents, followers, hooks, upstream, home: belongs },
    ...{ slates, drain },
  });
  const tools = startTools({ journal, accounts, hooks, members, mailbox, upstream, guard });
  const updates = parts.use(startUpdates({ place, log }));
  const policies = parts.use(startPolicies({ path: place.policies, accounts, guard, log }));
  const lacks = askServer(accounts);
  const recovery = startRecovery({ journal, agents, guard, accounts, machine, lacks });
  const jobs = parts.use(
    startJobs({ journal, agents, guard, home: belongs, lacks, recovery, log }),
  );
  const pauses = startPauses({ journal, followers, slates, drain });
  parts.use(
    watchCredentials(place.credentials, () => {
      accounts.reload();
      log.info("credentials.changed");
      uplinks.retry();
      downlink.census();
      policies.refresh();
    }),
  );

  const startedAt = new Date().toISOString();
  const status = (): Status => {
    const { waiting, damaged } = spool.count();
    const silentAt = silentSince(journal.db);
    return {
      pid: process.pid,
      version: pkg.version,
      home: place.home,
      startedAt,
      server: uplinks.state,
      profiles: uplinks.profiles,
      elsewhere: elsewhere(journal, accounts),
      journal: journalStatus(journal),
      unchecked:
        guard.error === null
          ? uncheckedStatus(journal.db)
          : { ...uncheckedStatus(journal.db), reason: guard.error },
      spool: waiting,
      damaged,
      silentSince: silentAt === undefined ? null : new Date(silentAt).toISOString(),
      links: links(journal.db).map(({ directory, project, remote }) => ({
        directory,
        project,
        ...(remote === null ? {} : { remote }),
      })),
      bindings: live(journal.db).map((bound) => bindingView(journal, bound)),
      update: updates.newer,
    };
  };
  const line = (agentSession: string) =>
    statusLine(agentSession, { journal, accounts, uplinks, update: updates.newer });

  await policies.ready;
  // What was spooled is older than anything a hook says from now on.
  await drain();
  slates.lookAll();
  ready.resolve();
  void unchecked.retry();
  parts.use(
    listen(
      place.socket,
      routes({
        hooks,
        members,
        pauses,
        jobs,
        mailbox,
        tools,
        status,
        line,
        before: spool.before,
        unknown: () => unknown(journal),
        log,
      }),
    ),
  );
  const rehearsal = parts.use(startRehearsal({ agents, guard, home: belongs, log }));
  parts.use(startRest(journal, rehearsal.again));
  const alive = parts.move();
  return { place, [Symbol.asyncDispose]: () => alive.disposeAsync() };
}
