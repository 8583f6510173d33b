import { expect, setDefaultTimeout, test } from "bun:test";
import { silent } from "../../src/lib/log.ts";
import { until } from "../../src/lib/until.ts";
import { startServer } from "../../src/server/server.ts";
import { HOLDS } from "../../src/wire/injection.ts";
import { type Polaris, startMachine } from "../helpers/polaris.ts";
import { followEvents } from "../helpers/sse.ts";
import { type Advice, startAdvice } from "./world.ts";

setDefaultTimeout(60_000);

/** As if so much time had passed since it changed last. */
const age = ({ database }: Polaris | Advice, id: string, seconds: number) =>
  database.admin`
    update injections set changed_at = changed_at - make_interval(secs => ${seconds}) where id = ${id}`;

/** As if every machine had gone away so long ago. */
const silence = ({ database }: Advice, seconds: number) =>
  database.admin`
    update listeners set left_at = coalesce(left_at, now()) - make_interval(secs => ${seconds})`;

test("C4: advice that no machine takes is given up within 30 s, and its sender told why", async () => {
  await using world = await startAdvice();
  const at = performance.now();
  const { id } = await world.inject("Is anybody there?");
  await until(async () => (await world.injection(id)).state === "expired", {
    timeoutMs: 30_000,
    everyMs: 100,
  });
  const took = performance.now() - at;
  expect(took).toBeGreaterThan(19_000);
  expect(took).toBeLessThan(30_000);
  expect(await world.injection(id)).toMatchObject({
    reason: "No machine is listening for this session.",
  });
  expect(await world.steps(id)).toEqual(["queued", "expired"]);
  const event = (await world.messages(world.path)).at(-1);
  expect(event).toMatchObject({
    sender: "agent:polaris",
    text: "No machine is listening for this session.",
  });
  // It was too early to give up after all: what is seen is seen.
  await world.report("seen", { injection: id, route: "socket" });
  expect(await world.injection(id)).toMatchObject({ state: "seen", reason: null });
});

test("C4: while its machine listens, an idle session's advice waits, for hours if need be", async () => {
  await using world = await startAdvice();
  const { secret: reader } = await world.krishna.token(["read"]);
  const forgotten = await world.inject("For a session that only people read.");
  await using _person = await followEvents(world, `${world.path}/events`, {
    authorization: `Bearer ${reader}`,
  });
  await age(world, forgotten.id, 60);
  await until(async () => (await world.injection(forgotten.id)).state === "expired");
  {
    await using _machine = await followEvents(world, `${world.path}/events`);
    await until(async () => (await world.database.admin`select 1 from listeners`).length === 1);
    const { id } = await world.inject("When you have a moment.");
    const other = await world.inject("The same, edited later.");
    await age(world, id, 3600);
    await age(world, other.id, 86_500);
    // The second, a day old, shows that somebody looked.
    await until(async () => (await world.injection(other.id)).state === "expired");
    expect(await world.injection(other.id)).toMatchObject({
      reason: "The agent gave no sign of it for a day.",
    });
    expect((await world.injection(id)).state).toBe("queued");
    await world.report("delivered", { injection: id, route: "hook" });
    await age(world, id, 3600);
  }
  // The machine goes: what it had taken is answered for by the server, once it stays away.
  const late = await world.inject("Still there?");
  await age(world, late.id, 60);
  await until(async () => {
    const rows = await world.database.admin`select left_at from listeners`;
    return rows[0]?.left_at !== null;
  });
  expect((await world.injection(late.id)).state).toBe("queued");
  await silence(world, 25);
  await until(async () => (await world.injection(late.id)).state === "expired");
  expect(await world.injection(late.id)).toMatchObject({
    reason: "The session's machine went away and no other is listening.",
  });
});

test("C4: a machine that sleeps behind an open connection is found out, one that has the words is waited for", async () => {
  await using world = await startAdvice();
  await using _machine = await followEvents(world, `${world.path}/events`, { [HOLDS]: "1" });
  await until(async () => (await world.database.admin`select 1 from listeners where holds`).length);
  const lost = await world.inject("You do not hear me.");
  const held = await world.inject("You have this.");
  const edited = await world.inject("You have other words.");
  const hold = (id: string) => world.post(`${world.path}/injections/${id}/held`, {});
  expect((await hold(held.id)).status).toBe(200);
  expect((await hold(edited.id)).status).toBe(200);
  await world.call(`${world.path}/injections/${edited.id}`, {
    method: "PATCH",
    body: JSON.stringify({ text: "These words." }),
  });
  for (const { id } of [held, lost, edited]) await age(world, id, 60);
  for (const { id } of [lost, edited]) {
    await until(async () => (await world.injection(id)).state === "expired");
    expect(await world.injection(id)).toMatchObject({
      reason: "The session's machine does not answer; it may be asleep.",
    });
  }
  expect((await world.injection(held.id)).state).toBe("queued");
});

test("C4: what was delivered when its machine went away is answered for by the server", async () => {
  await using world = await startAdvice();
  const { id } = await world.inject("Take this.");
  await world.report("delivered", { injection: id, route: "socket" });
  expect((await world.injection(id)).state).toBe("delivered");
  await age(world, id, 25);
  await until(async () => (await world.injection(id)).state === "expired");
  expect(await world.injection(id)).toMatchObject({
    route: "socket",
    reason: expect.stringContaining("machine went away before it could tell"),
  });
  // The machine comes back and finds it in the transcript.
  await world.report("seen", { injection: id, route: "socket", evidence: "transcript" });
  expect(await world.injection(id)).toMatchObject({ state: "seen", reason: null });
});

test("C4: evidence that comes in the last moment is not given up over", async () => {
  await using world = await startAdvice();
  const { id } = await world.inject("Just in time.");
  await age(world, id, 60);
  const { admin } = world.database;
  // The project is held until the server, which has found this one due, waits for it.
  await admin.begin(async (tx) => {
    await tx`select from projects for no key update`;
    await until(async () => {
      // Not in this transaction, which sees one picture of the others.
      const [waits] = await admin`
        select count(*)::int as count from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'
          and query like '%projects%for no key update%'`;
      return waits.count > 0;
    });
    await tx`update injections set state = 'seen' where id = ${id}`;
  });
  const other = await world.inject("Not in time.");
  await age(world, other.id, 60);
  await until(async () => (await world.injection(other.id)).state === "expired");
  expect((await world.injection(id)).state).toBe("seen");
  expect(await world.steps(id)).toEqual(["queued"]);
});

test("C4: a session that is over says so", async () => {
  await using world = await startAdvice();
  const end = { kind: "session.end", body: { reason: "exit" } };
  await world.ingest([world.machine.head(), world.machine.line(end)]);
  const { id } = await world.inject("One more thing.");
  await age(world, id, 25);
  await until(async () => (await world.injection(id)).state === "expired");
  expect(await world.injection(id)).toMatchObject({
    reason: "The session has ended, and nobody is there to read it.",
  });
});

test("I9: of two servers one gives up, once; and a machine at the other one counts", async () => {
  await using world = await startAdvice();
  await using second = await startServer({
    db: world.db,
    log: silent,
    host: "127.0.0.1",
    port: 0,
    version: "test",
    keys: world.keys,
  });
  const there = {
    call: (path: string, init: RequestInit = {}) =>
      fetch(`${second.url}${path}`, {
        ...init,
        headers: { ...init.headers, authorization: `Bearer ${world.token}` },
      }),
  };
  const lost = startMachine({ project: "etl", name: "s-0002" });
  await world.ingest([lost.head(), lost.line()]);
  await using _machine = await followEvents(there, `${world.path}/events`);
  await until(async () => (await world.database.admin`select 1 from listeners`).length === 1);
  const heard = await world.inject("You are connected elsewhere.");
  await age(world, heard.id, 60);
  const lostPath = "/projects/etl/sessions/s-0002";
  const sent = await Promise.all(
    Array.from({ length: 20 }, async (_, n) => {
      const response = await world.post(`${lostPath}/inject`, { text: `number ${n}` });
      return ((await response.json()) as { id: string }).id;
    }),
  );
  await Promise.all(sent.map((id) => age(world, id, 60)));
  await until(async () => {
    const { items } = await world.json<{ items: unknown[] }>(
      `${lostPath}/injections?state=expired`,
    );
    return items.length === sent.length;
  });
  const expired = (await world.messages(lostPath)).filter(
    ({ kind }) => kind === "injection.expired",
  );
  expect(expired.map(({ body }) => String(body.injection)).toSorted()).toEqual(sent.toSorted());
  expect((await world.injection(heard.id)).state).toBe("queued");
  // What is long over is swept: of a server that died days ago nothing stays but what it knew of others.
  const dead = crypto.randomUUID();
  const { admin } = world.database;
  await admin`insert into servers values (${dead}, now() - interval '2 days')`;
  await admin`
    insert into listeners (org_id, session_id, server_id)
    select org_id, session_id, ${dead} from listeners limit 1`;
  await using third = await startServer({
    db: world.db,
    log: silent,
    host: "127.0.0.1",
    port: 0,
    version: "test",
    keys: world.keys,
  });
  const anywhere = {
    call: (path: string, init: RequestInit = {}) =>
      fetch(`${third.url}${path}`, {
        ...init,
        headers: { ...init.headers, authorization: `Bearer ${world.token}` },
      }),
  };
  {
    await using _other = await followEvents(anywhere, `${lostPath}/events`);
    await until(async () => {
      const rows = await admin`select 1 from listeners where server_id = ${dead}`;
      return rows.length === 0;
    });
  }
  // The other server dies without a word: its machines count no longer.
  await world.database.admin`update servers set alive_at = alive_at - interval '1 hour'`;
  await until(
    async () => {
      await world.database.admin`update servers set alive_at = alive_at - interval '1 hour'`;
      return (await world.injection(heard.id)).state === "expired";
    },
    { timeoutMs: 20_000 },
  );
});
