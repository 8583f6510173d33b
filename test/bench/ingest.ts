import { bareRates } from "./bare.ts";
import { machine } from "./events.ts";
import { type Server, serve } from "./house.ts";
import { type Bench, load, type Row } from "./lib.ts";
import { cpuOf, family } from "./proc.ts";
import { random } from "./text.ts";

const BATCH = 100;
const CLIENTS = 16;

/** POST /ingest in batches of 100: token, schema, storable, numbered, deduplicated, durable. */
export const ingest: Bench = {
  name: "ingest",
  about: "POST /ingest in batches of 100, against a bare multi-row insert",
  async run({ quick, program }) {
    await using server = await serve(program);
    const seconds = quick ? 2 : 5;
    const bare = await bareRates(server, quick ? 2 : 4);
    const many = await measure(server, { clients: CLIENTS, projects: CLIENTS, seconds });
    const one = await measure(server, { clients: CLIENTS, projects: 1, seconds });
    const single = await measure(server, { clients: 1, projects: 1, seconds: seconds / 2 });
    const pure = await alone(server, () =>
      measure(server, { clients: CLIENTS, projects: CLIENTS, seconds }, false),
    );
    const again = await bareRates(server, quick ? 2 : 4);
    const floor = Math.max(bare.best, again.best);
    const cheapest = Math.min(bare.cpu, again.cpu);
    const wire = Math.max(bare.wire, again.wire);
    const note = `of the best that comes over a socket, as ours does: ${(many.events / wire).toFixed(2)}`;
    const all = cpuOfEvent(many);
    return [
      rate("16 clients, 16 projects", many, floor, note),
      rate(
        "16 clients, 1 project",
        one,
        floor,
        `the bare ones: ${bare.note}; again: ${again.note}`,
      ),
      {
        name: "ingest, 1 client",
        unit: "events/s",
        ours: single.events,
        floor,
        p50: single.p50,
        p99: single.p99,
        target: "",
      },
      {
        name: "ingest, processor time an event",
        unit: "µs",
        ours: cpuOfEvent(pure),
        floor: cheapest,
        target: "≤ 90 µs",
        pass: cpuOfEvent(pure) <= 90,
        note: `server ${pure.server.toFixed(0)}, database ${pure.database.toFixed(0)}; floor: the database alone; what reads the log behind held back`,
      },
      {
        name: "… with search, usage and webhooks, which follow",
        unit: "µs",
        ours: all,
        floor: cheapest,
        target: "",
        note: `server ${many.server.toFixed(0)}, database ${many.database.toFixed(0)}; in 1 project ${cpuOfEvent(one).toFixed(0)} µs`,
      },
    ];
  },
};

type Measured = Awaited<ReturnType<typeof measure>>;

const cpuOfEvent = ({ server, database }: Measured): number => server + database;

function rate(name: string, { events, p50, p99 }: Measured, floor: number, note: string): Row {
  const pass = events >= 0.6 * floor && events >= 15_000;
  const target = "≥ 60 % of floor, ≥ 15,000/s";
  return {
    name: `ingest, ${name}`,
    unit: "events/s",
    ours: events,
    floor,
    p50,
    p99,
    target,
    pass,
    note,
  };
}

/** With their cursors locked: what reads the log behind waits, and does its work when `work` is done. */
async function alone<T>({ sql }: Server, work: () => Promise<T>): Promise<T> {
  return await sql.begin(async (tx) => {
    await tx`lock table text_cursors, usage_cursors, webhook_cursors in access exclusive mode`;
    return await work();
  });
}

async function measure(
  server: Server,
  how: { clients: number; projects: number; seconds: number },
  followed = true,
) {
  const { clients, projects, seconds } = how;
  const run = crypto.randomUUID().slice(0, 6);
  const next = random(11);
  const queues = Array.from({ length: clients }, (_, number) => {
    const { batch } = machine(`p-${run}-${number % projects}`, `s-${number}`);
    // Enough for 30,000 events a second; a client that has sent all of its own is done.
    const count = Math.ceil((30_000 * seconds) / BATCH / clients);
    return Array.from({ length: count }, () => batch(next, BATCH));
  });
  const machines = await Promise.all(queues.map(() => server.signIn()));
  // The first batch makes project and session: not what is measured.
  await Promise.all(queues.map((queue, at) => server.ingest(queue.shift() ?? "", machines[at])));
  const before = usage(server);
  const done = await load(clients, seconds, async (client) => {
    const body = queues[client]?.shift();
    if (!body) return false;
    await server.ingest(body, machines[client]);
  });
  const events = done.n * BATCH;
  // Work that was put off belongs to the events that caused it.
  if (followed) await settled(server);
  const after = usage(server);
  return {
    ...done,
    events: done.rate * BATCH,
    server: ((after.server - before.server) / events) * 1e6,
    database: ((after.database - before.database) / events) * 1e6,
  };
}

const usage = ({ pid, postmaster }: Server) => ({
  server: cpuOf([pid]),
  database: cpuOf(family(postmaster)),
});

/** Until what reads the log behind has caught up. */
async function settled({ sql }: Server): Promise<void> {
  for (let turn = 0; turn < 600; turn++) {
    const [row] = await sql<{ behind: string }[]>`
      select coalesce(sum(p.last_seq - least(coalesce(c.seq, 0), coalesce(u.seq, 0))), 0) as behind
      from projects p left join text_cursors c on c.project_id = p.id
        left join usage_cursors u on u.project_id = p.id`;
    if (Number(row?.behind) === 0) return;
    await Bun.sleep(50);
  }
}
