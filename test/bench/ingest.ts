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
    const seconds = quick ? 2 : 8;
    const bare = await bareRates(server.sql, quick ? 2 : 5);
    const many = await measure(server, { clients: CLIENTS, projects: CLIENTS, seconds });
    const one = await measure(server, { clients: CLIENTS, projects: 1, seconds });
    const alone = await measure(server, { clients: 1, projects: 1, seconds: seconds / 2 });
    const again = await bareRates(server.sql, quick ? 1 : 4);
    const floor = Math.max(bare.best, again.best);
    const note = `bare: ${bare.note}`;
    return [
      rate(`16 clients, 16 projects`, many, floor, note),
      rate(`16 clients, 1 project`, one, floor),
      { ...rate("1 client", alone, floor), target: "", pass: undefined },
      cpu("16 projects", many),
      cpu("1 project", one),
    ].map(clean);
  },
};

/** exactOptionalPropertyTypes: leave out what is undefined. */
function clean(row: Omit<Row, "pass"> & { pass?: boolean | undefined }): Row {
  const { pass, ...rest } = row;
  return pass === undefined ? rest : { ...rest, pass };
}

type Measured = Awaited<ReturnType<typeof measure>>;

function rate(name: string, { events, p50, p99 }: Measured, floor: number, note = "") {
  const target = "≥ 60 % of floor, ≥ 15,000/s";
  const pass = events >= 0.6 * floor && events >= 15_000;
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

function cpu(name: string, { server, database }: Measured) {
  return {
    name: `ingest, processor time an event, ${name}`,
    unit: "µs",
    ours: server + database,
    target: "≤ 90 µs",
    pass: server + database <= 90,
    note: `server ${server.toFixed(0)}, database ${database.toFixed(0)}`,
  };
}

async function measure(
  server: Server,
  how: { clients: number; projects: number; seconds: number },
) {
  const { clients, projects, seconds } = how;
  const run = crypto.randomUUID().slice(0, 6);
  const next = random(11);
  const queues = Array.from({ length: clients }, (_, number) => {
    const { batch } = machine(`p-${run}-${number % projects}`, `s-${number}`);
    // Enough for 40,000 events a second; a client that has sent all of its own is done.
    const count = Math.ceil((40_000 * seconds) / BATCH / clients);
    return Array.from({ length: count }, () => batch(next, BATCH));
  });
  // The first batch makes project and session: not what is measured.
  await Promise.all(queues.map((queue) => server.ingest(queue.shift() ?? "")));
  const before = usage(server);
  const done = await load(clients, seconds, async (client) => {
    const body = queues[client]?.shift();
    if (!body) return false;
    await server.ingest(body);
  });
  const events = done.n * BATCH;
  // Work that was put off (the search index) belongs to the events that caused it.
  await settled(server);
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

/** Until the indexer has caught up. */
async function settled({ sql }: Server): Promise<void> {
  for (let turn = 0; turn < 600; turn++) {
    const [row] = await sql<{ behind: string }[]>`
      select coalesce(sum(p.last_seq - coalesce(c.seq, 0)), 0) as behind
      from projects p left join text_cursors c on c.project_id = p.id`;
    if (Number(row?.behind) === 0) return;
    await Bun.sleep(50);
  }
}
