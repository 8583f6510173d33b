import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { note } from "../../src/core/audit.ts";
import * as links from "../../src/core/links.ts";
import type { AuditChain, AuditRow } from "../../src/wire/audit.ts";
import type { Page } from "../../src/wire/session.ts";
import { as, organisation, person } from "../helpers/people.ts";
import { type Polaris, startMachine, startPolaris } from "../helpers/polaris.ts";

let polaris: Polaris;
beforeAll(async () => {
  polaris = await startPolaris();
});
afterAll(() => polaris[Symbol.asyncDispose]());

const rows = async (query = "") =>
  (await polaris.json<Page<AuditRow>>(`/audit?limit=500${query}`)).items;

async function verify(): Promise<AuditChain[]> {
  const init = { method: "POST", as: polaris.localKey };
  return (await polaris.json<{ chains: AuditChain[] }>("/audit/verifications", init)).chains;
}

describe("what mattered is written down (F6)", () => {
  test("advice, driving, visibility and members, with who, what and from where", async () => {
    const { db, caller } = polaris;
    await person(db, caller.org, "priya", "member");
    await polaris.post("/projects/audited/sessions", { name: "one" });
    const one = "/projects/audited/sessions/one";
    await polaris.post(`${one}/inject`, { text: "a word that stays in the event" });
    await polaris.post(`${one}/handoff`, {});
    await polaris.post(`${one}/handoff`, {}); // nothing happens, nothing is written
    await polaris.post(`${one}/driver`, { driver: "user:priya" });
    expect((await polaris.post(`${one}/driver`, { driver: "user:manu" })).status).toBe(409);
    const change = (body: unknown) =>
      polaris.call("/projects/audited", { method: "PATCH", body: JSON.stringify(body) });
    await change({ visibility: "private", name: "Audited" });
    await change({ visibility: "private" });
    await polaris.call("/projects/audited/members/user:priya", { method: "PUT" });
    await polaris.call("/projects/audited/members/user:priya", { method: "DELETE" });
    const all = await rows("&actor=user:manu");
    expect(all.reverse().map(({ action, target, detail }) => [action, target, detail])).toEqual([
      ["token.created", expect.any(String), expect.objectContaining({ name: "tests" })],
      ["injection.queued", "audited/one", { id: expect.any(String) }],
      ["driver.changed", "audited/one", { from: "user:manu", to: null }],
      ["driver.changed", "audited/one", { from: null, to: "user:priya" }],
      ["project.renamed", "audited", { from: "audited", to: "Audited" }],
      ["project.visibility", "audited", { from: "org", to: "private" }],
      ["project.member_added", "audited", { member: "user:priya" }],
      ["project.member_removed", "audited", { member: "user:priya" }],
    ]);
    expect(all.slice(1).every(({ address }) => address === "127.0.0.1")).toBe(true);
    expect(JSON.stringify(all)).not.toContain("a word that stays");
    const whole = (await rows()).length;
    expect(await verify()).toMatchObject([{ org: "home", rows: whole, broken: null }]);
  });

  test("coming in and going out by a browser", async () => {
    const { db, caller } = polaris;
    const invited = { kind: "invite", org: caller.org, role: "member" } as const;
    const code = await links.make(db, { ...invited, email: "krishna@example.com" });
    const came = await polaris.call(`/claim?code=${code}`, {
      as: null,
      headers: { "sec-fetch-mode": "navigate" },
    });
    const cookie = came.headers.get("set-cookie")?.split(";")[0] ?? "";
    const headers = { cookie, "sec-fetch-site": "same-origin" };
    await polaris.call("/auth/signout", { method: "POST", as: null, headers });
    const own = await rows("&actor=user:krishna");
    const [out, sawIn] = own.filter(({ action }) => action.startsWith("device."));
    expect(sawIn).toMatchObject({ action: "device.signed_in", address: "127.0.0.1" });
    expect(out).toMatchObject({ action: "device.signed_out", target: sawIn?.target });
  });

  test("an act that fails leaves no row, and numbers have no gap", async () => {
    const { db, caller } = polaris;
    const before = await rows();
    const act = db.as(caller.org, async (tx) => {
      await note(tx, { org: caller.org, actor: "user:manu", action: "test.failed" });
      throw new Error("changed my mind");
    });
    expect(act).rejects.toThrow("changed my mind");
    await act.catch(() => {});
    await db.as(caller.org, (tx) =>
      note(tx, { org: caller.org, actor: "user:manu", action: "test.done" }),
    );
    const [last, ...rest] = await rows();
    expect(last).toMatchObject({ action: "test.done", n: before.length + 1 });
    expect(rest).toEqual(before);
  });

  test("many at once stand in a queue: one chain, no gap; other organisations do not wait", async () => {
    const { db } = polaris;
    const [one, two] = [await organisation(db, "queue-1"), await organisation(db, "queue-2")];
    const write = (org: string, n: number) =>
      db.as(org, (tx) =>
        note(tx, { org, actor: "user:manu", action: "test.queue", detail: { n } }),
      );
    await Promise.all(Array.from({ length: 200 }, (_, n) => write(n % 2 ? one : two, n)));
    const chains = (await verify()).filter(({ org }) => org.startsWith("queue"));
    expect(chains).toMatchObject([
      { rows: 100, broken: null },
      { rows: 100, broken: null },
    ]);
    await db.as(one, async (tx) => {
      await note(tx, { org: one, actor: "user:manu", action: "test.slow" });
      await write(two, 0);
    });
  });

  test("whatever is in a name can be written down and verified", async () => {
    const { db, caller } = polaris;
    const odd = "a\u0000b \ud800 \u2028 'quote' \\ 👩‍💻";
    const detail = { odd, z: 1, a: { y: [1.5, null, 1e21], b: undefined }, [odd]: true };
    const { org } = caller;
    await db.as(org, (tx) =>
      note(tx, { org, actor: "user:manu", action: "test.odd", target: odd, detail }),
    );
    expect((await verify()).every(({ broken }) => broken === null)).toBe(true);
  });
});

describe("nobody changes what is written (F6)", () => {
  test.each(["update audit set actor = 'user:nobody'", "delete from audit", "truncate audit"])(
    "%s",
    async (statement) => {
      const own = polaris.db.as(polaris.caller.org, (tx) => tx.unsafe(statement));
      expect(own).rejects.toThrow(/permission denied/);
      await own.catch(() => {});
      // Nor the tables' owner, by accident.
      const owner = polaris.database.admin.unsafe(statement);
      expect(owner).rejects.toThrow(/never changed/);
      await owner.catch(() => {});
    },
  );

  test.each([
    ["another actor", "update audit set actor = 'user:krishna'", "changed"],
    ["another time", "update audit set at = at + interval '1 ms'", "changed"],
    ["another detail", `update audit set detail = '{"n":7}'`, "changed"],
    ["a made-up hash", "update audit set hash = sha256('')", "changed"],
    ["a row taken out", "delete from audit", "missing"],
  ])("who gets behind the walls is seen: %s", async (_, statement, why) => {
    const { db, database } = polaris;
    const slug = `broken-${crypto.randomUUID().slice(0, 8)}`;
    const org = await organisation(db, slug);
    for (let n = 0; n < 5; n++) {
      await db.as(org, (tx) => note(tx, { org, actor: "user:manu", action: "a", detail: { n } }));
    }
    await database.admin.begin(async (tx) => {
      await tx`alter table audit disable trigger audit_keep`;
      await tx.unsafe(`${statement} where n = 3 and org_id = '${org}'`);
      await tx`alter table audit enable trigger audit_keep`;
    });
    const chain = (await verify()).find(({ org }) => org === slug);
    expect(chain?.broken).toEqual({ n: 3, why } as AuditChain["broken"]);
    expect(chain?.rows).toBe(2);
  });
});

describe("reading it", () => {
  test("in pages, newest first, by what, who and where; for admins of this organisation only", async () => {
    const { db } = polaris;
    const org = await organisation(db, "reading");
    // Their signing in is the chain's first two rows.
    const admin = as(polaris, await person(db, org, "reader", "admin"));
    const member = as(polaris, await person(db, org, "member", "member"));
    for (let n = 3; n <= 25; n++) {
      const action = n % 5 === 0 ? "fifth" : "other";
      await db.as(org, (tx) => note(tx, { org, actor: "user:manu", action, target: `t-${n}` }));
    }
    const page = async (query: string): Promise<Page<AuditRow>> =>
      JSON.parse((await admin.get(`/audit?${query}`)).body);
    const first = await page("limit=10");
    const second = await page(`limit=10&before=${first.next}`);
    const about = (rows: AuditRow[]) => rows.map(({ target }) => target);
    expect(about([...first.items, ...second.items])).toEqual(
      Array.from({ length: 20 }, (_, n) => `t-${25 - n}`),
    );
    const fifths = ["t-25", "t-20", "t-15", "t-10", "t-5"];
    expect(about((await page("action=fifth")).items)).toEqual(fifths);
    expect(about((await page("target=t-7")).items)).toEqual(["t-7"]);
    expect((await page("actor=user:krishna")).items).toEqual([]);
    expect((await member.get("/audit")).status).toBe(403);
  });

  test("recording is not held up by a chain somebody holds (A8)", async () => {
    const { db, caller } = polaris;
    const { org } = caller;
    const machine = startMachine({ project: "free" });
    await db.as(org, async (tx) => {
      await note(tx, { org, actor: "user:manu", action: "test.slow" });
      const { answer } = await polaris.ingest([machine.head(), machine.line()]);
      expect(answer.stored).toBe(1);
    });
  });
});
