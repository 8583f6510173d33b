import { expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../../src/lib/until.ts";
import { uuid5 } from "../../src/lib/uuid.ts";
import type { Injection } from "../../src/wire/injection.ts";
import type { Page } from "../../src/wire/session.ts";
import { startChain } from "../helpers/chain.ts";
import { startMachine } from "../helpers/polaris.ts";

setDefaultTimeout(120_000);

const COUNT = 24;

test("C4: a server killed between sending, delivery and evidence loses no advice and doubles none", async () => {
  await using chain = await startChain();
  const machine = startMachine({ project: "etl" });
  const path = "/projects/etl/sessions/s-0001";
  const call = (to: string, init: RequestInit = {}) =>
    fetch(`${chain.url}${to}`, {
      ...init,
      headers: { authorization: `Bearer ${chain.token}`, ...init.headers },
      signal: AbortSignal.timeout(10_000),
    });
  /** As a client does it: the same request again until it is answered. */
  const insist = (to: string, init: RequestInit) =>
    until(async () => (await call(to, init)).ok, { timeoutMs: 30_000, everyMs: 50 });
  const ingest = (lines: string[]) =>
    insist("/ingest", {
      method: "POST",
      headers: { "content-type": "application/x-ndjson" },
      body: [machine.head(), ...lines].join("\n"),
    });
  const rows = async () =>
    ((await (await call(`${path}/injections?limit=500`)).json()) as Page<Injection>).items;
  const restart = async () => {
    await chain.server.kill("SIGKILL");
    await chain.server.start();
  };
  await ingest([machine.line()]);

  const ids = Array.from({ length: COUNT }, () => crypto.randomUUID());
  const sent = ids.map((id) =>
    insist(`${path}/inject`, {
      method: "POST",
      body: JSON.stringify({ id, text: `number ${id}` }),
    }),
  );
  await until(async () => (await rows()).length > 2, { everyMs: 1 });
  await restart();
  await Promise.all(sent);
  expect((await rows()).map(({ id }) => id).toSorted()).toEqual(ids.toSorted());

  // Reports in batches, and a kill in the middle of them; every batch is sent until it is taken.
  const report = (kind: string, id: string) =>
    machine.line({
      kind: `injection.${kind}`,
      id: uuid5(id, `injection.${kind}`),
      text: undefined,
      body: { injection: id, route: "socket" },
    });
  const half = ids.slice(0, COUNT / 2);
  const reported = (async () => {
    for (const id of half) {
      await ingest([report("delivered", id)]);
      await ingest([report("seen", id)]);
    }
  })();
  await until(async () => (await rows()).some(({ state }) => state === "seen"), { everyMs: 1 });
  await restart();
  await reported;

  // What nobody took is given up, also when the server was away while its time ran out.
  await restart();
  await until(
    async () => (await rows()).every(({ state }) => state === "seen" || state === "expired"),
    {
      timeoutMs: 40_000,
      everyMs: 250,
    },
  );
  const states = new Map((await rows()).map(({ id, state }) => [id, state]));
  const log = await chain.log("etl");
  for (const id of ids) {
    const steps = log
      .filter((event) => event.id === id || event.body.injection === id)
      .map(({ kind }) => kind.replace("injection.", ""));
    const wasSeen = half.includes(id);
    expect([id, states.get(id), steps]).toEqual([
      id,
      wasSeen ? "seen" : "expired",
      wasSeen ? ["queued", "delivered", "seen"] : ["queued", "expired"],
    ]);
  }
  expect(log.map(({ seq }) => seq)).toEqual(log.map((_, at) => at + 1));
});
