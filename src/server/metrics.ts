import { timingSafeEqual } from "node:crypto";
import { readdirSync } from "node:fs";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { type Gauges, gauges } from "../core/gauges.ts";
import type { Db } from "../db/db.ts";
import type { ServerStatus } from "../wire/server-status.ts";

/** Who may read `/metrics` besides the server's own machine with its key. */
export interface MetricsDoor {
  /** `POLARIS_METRICS_TOKEN`. */
  token?: string | undefined;
  /** `POLARIS_METRICS=loopback`: whoever calls from this machine; wrong where a proxy runs beside the server. */
  loopback?: boolean;
}

export interface BackupReading {
  lastAt: number | undefined;
  bytes: number;
  failures: number;
}

interface Sources {
  db: Db;
  version: string;
  /** Requests that are being answered (streams too) and open WebSockets. */
  connections(): { requests: number; sockets: number };
  backup?: (() => BackupReading) | undefined;
}

/** The steps of an event's way, slowest allowed last: 10 ms to an hour. */
const SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3600];

/** Scrapes may come often; the database is asked at most this often. */
const FRESH_MS = 5_000;

/** What Prometheus reads. Numbers and names of ours alone: never a project's, a session's or a person's. */
export function startMetrics({ db, version, connections, backup }: Sources) {
  const registry = new Registry();
  const registers = [registry];
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, labelNames, registers });
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers });
  const histogram = (name: string, help: string, labelNames: string[] = []) =>
    new Histogram({ name, help, labelNames, registers, buckets: SECONDS });

  gauge("polaris_build_info", "Version of this server.", ["version"]).set({ version }, 1);
  const http = counter("polaris_http_requests_total", "Requests answered.", ["method", "status"]);
  const events = counter("polaris_ingest_events_total", "Events of batches.", ["result"]);
  const batch = histogram("polaris_ingest_seconds", "Time to store a machine's batch.");
  const lag = histogram("polaris_lag_seconds", "Time of an event over one joint.", ["joint"]);
  const open = gauge("polaris_connections", "Open now.", ["kind"]);
  const behind = gauge("polaris_backlog_events", "Events a reader has yet to take.", ["joint"]);
  const waits = gauge("polaris_backlog_seconds", "Age of the oldest of them.", ["joint"]);
  const outbox = gauge("polaris_outbox_depth", "Messages that wait for Slack.");
  const outboxAge = gauge("polaris_outbox_seconds", "Age of the oldest of them.");
  const injections = gauge("polaris_injections", "Advice by state.", ["state"]);
  const sessions = gauge("polaris_sessions", "Sessions by state.", ["state"]);
  const projects = gauge("polaris_projects", "Projects.");
  const up = gauge("polaris_database_up", "1 while the database answers.");
  const size = gauge("polaris_database_bytes", "Size of the database.");
  const backends = gauge("polaris_database_connections", "Connections to it, and its limit.", [
    "which",
  ]);
  const trip = gauge(
    "polaris_database_round_trip_seconds",
    "The shortest question and its answer.",
  );
  const acts = gauge("polaris_database_transactions", "Since its statistics began.", ["result"]);
  const saved = gauge("polaris_backup_last_timestamp_seconds", "When the newest backup was made.");
  const savedBytes = gauge("polaris_backup_bytes", "Size of the newest backup.");
  const unsaved = gauge("polaris_backup_failures", "Backups that failed since the start.");
  const memory = gauge("process_resident_memory_bytes", "Resident memory.");
  const cpu = gauge("process_cpu_seconds_total", "User and system time.");
  const started = gauge("process_start_time_seconds", "When the process began.");
  const files = gauge("process_open_fds", "Open file descriptors.");
  started.set(Date.now() / 1000 - process.uptime());

  let read: { at: number; gauges: Promise<Gauges> } | undefined;
  async function ask(): Promise<void> {
    if (!read || performance.now() - read.at > FRESH_MS) {
      read = { at: performance.now(), gauges: gauges(db) };
    }
    const now = await read.gauges;
    for (const [joint, { events: count, seconds }] of Object.entries(now.backlog)) {
      behind.set({ joint }, count);
      waits.set({ joint }, seconds);
    }
    outbox.set(now.outbox.depth);
    outboxAge.set(now.outbox.seconds);
    injections.reset();
    for (const [state, count] of Object.entries(now.injections)) injections.set({ state }, count);
    sessions.reset();
    for (const [state, count] of Object.entries(now.sessions)) sessions.set({ state }, count);
    projects.set(now.projects);
    const { database } = now;
    size.set(database.bytes);
    backends.set({ which: "open" }, database.connections);
    backends.set({ which: "limit" }, database.maxConnections);
    trip.set(database.roundTripSeconds);
    acts.set({ result: "commit" }, database.commits);
    acts.set({ result: "rollback" }, database.rollbacks);
    acts.set({ result: "deadlock" }, database.deadlocks);
  }

  return {
    answered(method: string, status: number): void {
      http.inc({ method, status: String(status) });
    },
    ingested(taken: {
      stored: number;
      known: number;
      refused: number;
      newestAt: number;
      ms: number;
    }) {
      events.inc({ result: "stored" }, taken.stored);
      events.inc({ result: "known" }, taken.known);
      events.inc({ result: "refused" }, taken.refused);
      batch.observe(taken.ms / 1000);
      // A clock that goes ahead of ours is no lag.
      if (taken.newestAt > 0) {
        lag.observe({ joint: "machine" }, Math.max(0, Date.now() - taken.newestAt) / 1000);
      }
    },
    /** An event was written to somebody who watches; history that is read again says nothing of lag. */
    shown(receivedAt: string): void {
      const ms = Date.now() - Date.parse(receivedAt);
      if (ms < 60_000) lag.observe({ joint: "live" }, Math.max(0, ms) / 1000);
    },
    async status(): Promise<ServerStatus> {
      const kept = backup?.();
      return {
        version,
        uptimeSeconds: Math.round(process.uptime()),
        memoryBytes: process.memoryUsage.rss(),
        connections: connections(),
        backup: kept
          ? { ...kept, lastAt: kept.lastAt ? new Date(kept.lastAt).toISOString() : null }
          : null,
        ...(await gauges(db)),
      };
    },
    async text(): Promise<string> {
      const { requests, sockets } = connections();
      open.set({ kind: "request" }, requests);
      open.set({ kind: "websocket" }, sockets);
      memory.set(process.memoryUsage.rss());
      const { user, system } = process.cpuUsage();
      cpu.set((user + system) / 1e6);
      if (process.platform === "linux") files.set(readdirSync("/proc/self/fd").length);
      const kept = backup?.();
      if (kept) {
        if (kept.lastAt) saved.set(kept.lastAt / 1000);
        savedBytes.set(kept.bytes);
        unsaved.set(kept.failures);
      }
      up.set(0);
      try {
        await ask();
        up.set(1);
      } catch {
        read = undefined; // the numbers of before stand, and polaris_database_up says that they are old
      }
      return await registry.metrics();
    },
  };
}
export type Metrics = ReturnType<typeof startMetrics>;

/** Compares without telling by its time how much was right. */
export function isSame(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
