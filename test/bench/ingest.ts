import { type Bare, bareRates } from "./bare.ts";
import { machine } from "./events.ts";
import { type Server, serve } from "./house.ts";
import { type Bench, load, type Row, summary } from "./lib.ts";
import { cpuOf, family } from "./proc.ts";
import { random } from "./text.ts";

const BATCH = 100;
const CLIENTS = 16;

/**
 * POST /ingest in batches of 100: token, schema, storable, numbered, deduplicated, durable. In rounds, each with its own
 * floor, and nothing begins before what reads the log behind has caught up with the part before.
 */
export const ingest: Bench = {
  name: "ingest",
  about: "POST /ingest in batches of 100, against a bare multi-row insert",
  async run({ quick, program }) {
    await using server = await serve(program);
    const seconds = quick ? 1.5 : 3;
    const rounds: Round[] = [];
    for (let round = 0; round < (quick ? 1 : 3); round++) {
      const bare = await bareRates(server, seconds / 3);
      const many = await measure(server, { clients: CLIENTS, projects: CLIENTS, seconds });
      const pure = await alone(server, () =>
        measure(server, { clients: CLIENTS, projects: CLIENTS, seconds }, false),
      );
      await settled(server);
      const one = await measure(server, { clients: CLIENTS, projects: 1, seconds });
      const single = await measure(server, { clients: 1, projects: 1, seconds: seconds / 2 });
      rounds.push({ bare, many, pure, one, single });
    }
    const middle = (of: (round: Round) => number) => summary(rounds.map(of)).p50;
    const ways = waysOf(rounds.map(({ bare }) => bare));
    const floor = Math.max(...ways.map(({ rate }) => rate));
    const wire = Math.max(...ways.filter(({ isWire }) => isWire).map(({ rate }) => rate));
    const lone = ways.at(-1)?.rate ?? Number.NaN;
    const cheapest = Math.min(...ways.map(({ cpu }) => cpu));
    const rate = (name: string, of: (round: Round) => Measured, floor: number): Row => ({
      name: `ingest, ${name}`,
      unit: "events/s",
      ours: middle((round) => of(round).events),
      floor,
      p50: middle((round) => of(round).p50),
      p99: middle((round) => of(round).p99),
      target: "",
    });
    const bound = (row: Row): Row => ({
      ...row,
      target: "≥ 60 % of floor, ≥ 15,000/s",
      pass: row.ours >= 0.6 * (row.floor ?? Number.NaN) && row.ours >= 15_000,
    });
    const processor = (name: string, of: (round: Round) => Measured): Row => {
      const part = (which: "server" | "database") => middle((round) => of(round)[which]);
      const [ours, database] = [part("server"), part("database")];
      return {
        name,
        unit: "µs",
        ours: ours + database,
        floor: cheapest,
        target: "",
        note: `server ${ours.toFixed(0)}, database ${database.toFixed(0)}; floor: the database alone`,
      };
    };
    const held = processor("ingest, processor time an event", ({ pure }) => pure);
    return [
      {
        ...bound(rate("16 clients, 16 projects", ({ many }) => many, floor)),
        note: `of the best that comes over a socket, as ours does: ${(middle(({ many }) => many.events) / wire).toFixed(2)}; all caught up ${middle(({ many }) => many.late).toFixed(1)} s later`,
      },
      {
        ...rate("… with what reads the log behind held back", ({ pure }) => pure, floor),
        note: `the bare ones: ${ways.map(({ way, rate, cpu }) => `${way} ${Math.round(rate)}/s ${cpu.toFixed(0)} µs`).join(", ")}`,
      },
      {
        ...bound(rate("16 clients, 1 project", ({ one }) => one, lone)),
        note: "a log in one order is written by one at a time: floor: one client's bare inserts",
      },
      rate("1 client", ({ single }) => single, lone),
      { ...held, target: "≤ 90 µs", pass: held.ours <= 90 },
      processor("… with search, usage and webhooks, which follow", ({ many }) => many),
    ];
  },
};

/** Each way's medians; the last is a single client's. */
function waysOf(rounds: Bare[][]): Bare[] {
  const middle = (at: number, of: (bare: Bare) => number) =>
    summary(rounds.map((ways) => of(ways[at] ?? NONE))).p50;
  return (rounds[0] ?? []).map((first, at) => {
    return { ...first, rate: middle(at, ({ rate }) => rate), cpu: middle(at, ({ cpu }) => cpu) };
  });
}
const NONE: Bare = { way: "", isWire: false, rate: Number.NaN, cpu: Number.NaN };

interface Round extends Record<"many" | "pure" | "one" | "single", Measured> {
  bare: Bare[];
}
type Measured = Awaited<ReturnType<typeof measure>>;

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
    // Enough for 60,000 events a second; a client that has sent all of its own is done.
    const count = Math.ceil((60_000 * seconds) / BATCH / clients);
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
  const ended = performance.now();
  // Work that was put off belongs to the events that caused it.
  if (followed) await settled(server);
  const late = (performance.now() - ended) / 1000;
  const after = usage(server);
  return {
    ...done,
    events: done.rate * BATCH,
    /** Seconds until what reads the log behind had caught up. */
    late,
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
