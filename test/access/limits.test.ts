import { describe, expect, test } from "bun:test";
import { startBuckets } from "../../src/lib/bucket.ts";
import { until } from "../../src/lib/until.ts";
import { RATES } from "../../src/server/limits.ts";
import { startMachine, startPolaris } from "../helpers/polaris.ts";
import { followEvents } from "../helpers/sse.ts";

describe("a token bucket", () => {
  test("gives its burst at once, then its rate, and remembers debt", () => {
    let at = 0;
    const buckets = startBuckets({ perSecond: 2, burst: 4 }, { now: () => at });
    expect([1, 2, 3, 4, 5].map(() => buckets.take("a"))).toEqual([0, 0, 0, 0, 500]);
    expect(buckets.take("b")).toBe(0);
    at = 500;
    expect(buckets.take("a")).toBe(0);
    expect(buckets.spend("a", 6)).toBe(3000);
    expect(buckets.wait("a", 0)).toBe(3000);
    at = 2500;
    expect(buckets.wait("a", 0)).toBe(1000);
    at = 1e9;
    expect([1, 2, 3, 4, 5].map(() => buckets.take("a"))).toEqual([0, 0, 0, 0, 500]);
  });

  test("lets through more than it holds when it is full, once", () => {
    let at = 0;
    const buckets = startBuckets({ perSecond: 1, burst: 10 }, { now: () => at });
    expect(buckets.take("a", 25)).toBe(0);
    expect(buckets.take("a", 25)).toBe(25_000);
    at = 25_000;
    expect(buckets.take("a", 25)).toBe(0);
  });

  test("remembers a bounded number of keys, and the busy ones longest", () => {
    const buckets = startBuckets({ perSecond: 0.001, burst: 1 }, { most: 100 });
    for (let n = 0; n < 10_000; n++) {
      buckets.take(`guest-${n}`);
      buckets.spend("busy");
    }
    expect(buckets.size).toBe(100);
    expect(buckets.take("busy")).toBeGreaterThan(0);
  });
});

/** What a browser sends when somebody opens an address. */
const PERSON = { "sec-fetch-mode": "navigate" };

describe("guessing at the door is slow (F4)", () => {
  test("of 10,000 guesses at a link the first few are looked at; the rest hear 429 and when to come back", async () => {
    await using polaris = await startPolaris({ rates: {} });
    const seen = new Map<number, number>();
    let last: Response | undefined;
    for (let batch = 0; batch < 100; batch++) {
      const answers = Array.from({ length: 100 }, () =>
        polaris.call(`/claim?code=pol_l_${crypto.randomUUID()}`, { as: null, headers: PERSON }),
      );
      for (last of await Promise.all(answers)) {
        seen.set(last.status, (seen.get(last.status) ?? 0) + 1);
        if (batch === 0) await last.text();
      }
    }
    // The 100 that came at once were let in before the first was answered, but for those the other limit held.
    expect(seen.get(410)).toBeLessThanOrEqual(RATES.doors.burst);
    expect(seen.get(429)).toBeGreaterThan(9800);
    expect(Number(last?.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await last?.json()).toMatchObject({ error: { code: "rate_limited" } });
    // Who is signed in is not disturbed by it, from the same address.
    expect((await polaris.call("/me")).status).toBe(200);
  }, 60_000);

  test("another address is not held up; X-Forwarded-For counts only from our proxy", async () => {
    const rates = { guesses: { perSecond: 0.01, burst: 2 } };
    const guess = async (polaris: { call: typeof fetch }, from: string) =>
      (await polaris.call("/claim?code=x", { headers: { ...PERSON, "x-forwarded-for": from } }))
        .status;
    const statuses = async (proxies: string[]) => {
      await using polaris = await startPolaris({ rates, proxies });
      const call = ((path: string, init: RequestInit) =>
        polaris.call(path, { ...init, as: null })) as typeof fetch;
      const list = [];
      for (const from of ["10.9.9.1", "10.9.9.1", "10.9.9.1", "10.9.9.2", "forged, 10.9.9.1"])
        list.push(await guess({ call }, from));
      return list;
    };
    expect(await statuses(["127.0.0.0/8"])).toEqual([410, 410, 429, 410, 429]);
    expect(await statuses([])).toEqual([410, 410, 429, 429, 429]);
  });

  test("one IPv6 network is one address", async () => {
    const rates = { guesses: { perSecond: 0.01, burst: 1 } };
    await using polaris = await startPolaris({ rates, proxies: ["127.0.0.1"] });
    const list = [];
    for (const from of [
      "2001:db8:0:1::1",
      "2001:db8:0:1:ffff::2",
      "2001:db8::1:0:0:0:1",
      "2001:db8:0:2::1",
    ]) {
      const headers = { ...PERSON, "x-forwarded-for": from };
      list.push((await polaris.call("/claim?code=x", { as: null, headers })).status);
    }
    expect(list).toEqual([410, 429, 429, 410]);
  });
});

describe("writes per token (F4)", () => {
  test("too many changes are answered 429, reading goes on, another token too", async () => {
    await using polaris = await startPolaris({ rates: { writes: { perSecond: 0.1, burst: 3 } } });
    const post = () => polaris.post("/projects", { slug: "again" });
    expect([(await post()).status, (await post()).status, (await post()).status]).toEqual([
      201, 200, 200,
    ]);
    const refused = await post();
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("10");
    expect((await polaris.call("/projects")).status).toBe(200);
    const machine = startMachine();
    expect((await polaris.ingest([machine.head(), machine.line()])).status).toBe(200);
  });

  test("a script's events are counted, not its requests", async () => {
    await using polaris = await startPolaris({ rates: { events: { perSecond: 1, burst: 100 } } });
    const path = "/projects/p/sessions/s/events";
    const event = { sender: "agent:claude", kind: "notice", text: "x" };
    expect((await polaris.post(path, Array(90).fill(event))).status).toBe(201);
    const refused = await polaris.post(path, Array(90).fill(event));
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeWithin(70, 81);
    expect((await polaris.messages("/projects/p")).length).toBe(90);
  });
});

describe("a machine's backlog is paced and never dropped (A8)", () => {
  /** As the daemon sends: 500 events a batch, one batch on its way, 429 means later. */
  async function drain(polaris: Awaited<ReturnType<typeof startPolaris>>, count: number) {
    const machine = startMachine({ project: "backlog" });
    let [later, acked] = [0, 0];
    for (let sent = 0; sent < count; sent += 500) {
      const lines = Array.from({ length: Math.min(500, count - sent) }, () => machine.line());
      for (;;) {
        const { status, answer } = await polaris.ingest([machine.head(), ...lines]);
        if (status === 200) {
          acked = answer.acked[machine.session] ?? 0;
          break;
        }
        expect(status).toBe(429);
        later++;
        await Bun.sleep(200);
      }
    }
    return { later, acked };
  }

  test("1,000 events come through at once", async () => {
    await using polaris = await startPolaris({ rates: {} });
    expect(await drain(polaris, 1000)).toEqual({ later: 0, acked: 1000 });
  });

  test("100,000 events come through at the rate, each once, while others are served", async () => {
    const { burst, perSecond } = { perSecond: 10_000, burst: 40_000 };
    await using polaris = await startPolaris({ rates: { events: { perSecond, burst } } });
    const startedAt = performance.now();
    const done = drain(polaris, 100_000);
    const times: number[] = [];
    let over = false;
    void done.finally(() => {
      over = true;
    });
    while (!over) {
      const at = performance.now();
      expect((await polaris.call("/me")).status).toBe(200);
      times.push(performance.now() - at);
      await Bun.sleep(20);
    }
    expect(await done).toEqual({ later: 0, acked: 100_000 });
    const seconds = (performance.now() - startedAt) / 1000;
    expect(seconds).toBeGreaterThan((100_000 - burst) / perSecond - 1);
    const [row] = await polaris.database.admin`
      select count(*)::int as events, count(distinct id)::int as ids, max(seq)::int as last from events`;
    expect(row).toEqual({ events: 100_000, ids: 100_000, last: 100_000 });
    times.sort((a, b) => a - b);
    console.log(
      `100,000 events in ${seconds.toFixed(1)} s; beside them /me took ${times[times.length >> 1]?.toFixed(1)} ms (median)`,
    );
  }, 120_000);

  test("only who sends in parallel and far ahead of the rate is told to come back; nothing is lost", async () => {
    const rates = { events: { perSecond: 100, burst: 100 } };
    await using polaris = await startPolaris({ rates });
    const machine = startMachine({ project: "backlog" });
    await using stream = await (async () => {
      await polaris.post("/projects", { slug: "backlog" });
      return followEvents(polaris, "/projects/backlog/events?after=0");
    })();
    const head = machine.head();
    const big = Array.from({ length: 1500 }, () => machine.line());
    // Stored at once; its answer waits for the 10 s that one answer may wait.
    const first = polaris.ingest([head, ...big]);
    await until(() => stream.events.length === 1500);
    const lines = [head, machine.line()];
    const refused = await polaris.ingest(lines);
    expect(refused.status).toBe(429);
    await until(async () => (await polaris.ingest(lines)).status === 200, { everyMs: 200 });
    expect((await first).answer.acked[machine.session]).toBe(1500);
    const [row] = await polaris.database.admin`select count(*)::int as events from events`;
    expect(row?.events).toBe(1501);
  }, 60_000);
});
