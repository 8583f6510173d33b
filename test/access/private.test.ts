import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { until } from "../../src/lib/until.ts";
import type { AuditRow } from "../../src/wire/audit.ts";
import type { Page, Project } from "../../src/wire/session.ts";
import { as, type Person, person } from "../helpers/people.ts";
import { type Polaris, startMachine, startPolaris } from "../helpers/polaris.ts";

let polaris: Polaris;
let [krishna, priya, boss]: Person[] = [];
const machine = startMachine({ project: "secret" });

function people() {
  if (!krishna || !priya || !boss) throw new Error("nobody is here yet");
  return { krishna: as(polaris, krishna), priya: as(polaris, priya), boss: as(polaris, boss) };
}

beforeAll(async () => {
  polaris = await startPolaris();
  const { db, caller } = polaris;
  krishna = await person(db, caller.org, "krishna", "member");
  priya = await person(db, caller.org, "priya", "member");
  boss = await person(db, caller.org, "boss", "admin");
  const made = await people().krishna.send("POST", "/projects", {
    slug: "secret",
    visibility: "private",
  });
  expect(made.status).toBe(201);
  const answer = await people().krishna.call("/ingest", {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: [machine.head(), machine.line({ text: "the hidden plan" }), machine.line()].join("\n"),
  });
  expect(await answer.json()).toMatchObject({ stored: 2, blocked: [] });
  await until(async () => {
    const { body } = await people().krishna.get("/search?project=secret&q=hidden");
    return body.includes("the hidden plan");
  });
});
afterAll(() => polaris[Symbol.asyncDispose]());

const READS = [
  "/projects/@",
  "/projects/@/messages",
  "/projects/@/events/1",
  "/projects/@/events?after=0",
  "/projects/@/sessions",
  "/projects/@/members",
  "/projects/@/sessions/s-0001",
  "/projects/@/sessions/s-0001/messages",
  "/projects/@/sessions/s-0001/events?after=0",
  "/search?project=@&q=hidden",
  "/app/search?project=@&q=hidden",
  "/usage?project=@",
  "/app/usage?project=@",
  "/projects/@/sessions/s-0001/export?format=jsonl",
  "/projects/@/sessions/s-0001/shares",
  "/projects/@/sessions/s-0001/commits",
  "/app/p/@/s/s-0001/share",
  "/app/p/@",
  "/app/p/@/s/s-0001",
];

describe("a private project is for its members (B4, F5)", () => {
  test.each(READS)(
    "%s says the same of a private project as of one that is absent",
    async (path) => {
      const secret = await people().priya.get(path.replace("@", "secret"));
      const absent = await people().priya.get(path.replace("@", "absent"));
      expect(secret.status).toBe(404);
      expect({ ...secret, body: secret.body.replaceAll("secret", "absent") }).toEqual(absent);
      const member = await people().krishna.call(path.replace("@", "secret"));
      expect(member.status).toBe(200);
      await member.body?.cancel();
    },
  );

  test("its id and its sessions' ids open nothing", async () => {
    const { id } = (await (await people().krishna.call("/projects/secret")).json()) as Project;
    expect((await people().priya.get(`/projects/${id}`)).status).toBe(404);
    await people().priya.send("POST", "/projects", { slug: "mine" });
    const guessed = await people().priya.get(`/projects/mine/sessions/${machine.session}`);
    expect(guessed.status).toBe(404);
  });

  test("it is in nobody else's list", async () => {
    const slugs = async (who: { call: (path: string) => Promise<Response> }) =>
      ((await (await who.call("/projects")).json()) as Page<Project>).items.map(({ slug }) => slug);
    expect(await slugs(people().priya)).not.toContain("secret");
    expect(await slugs(people().krishna)).toContain("secret");
    expect(await slugs(people().boss)).toContain("secret");
    // An owner's API token is no person: it sees what its owner is a member of.
    expect(await slugs(polaris)).not.toContain("secret");
  });

  test("who is no member cannot write, advise, drive or look through making it again", async () => {
    const { priya } = people();
    const writes: [string, string, unknown][] = [
      ["POST", "/projects", { slug: "secret" }],
      ["PATCH", "/projects/secret", { visibility: "org" }],
      ["PUT", "/projects/secret/members/user:priya", undefined],
      ["DELETE", "/projects/secret/members/user:krishna", undefined],
      ["POST", "/projects/secret/sessions", { name: "s-0001" }],
      ["POST", "/projects/secret/sessions/s-0001/events", { kind: "notice", sender: "user:priya" }],
      ["POST", "/projects/secret/sessions/s-0001/inject", { text: "psst" }],
      ["POST", "/projects/secret/sessions/s-0001/driver", {}],
      ["POST", "/projects/secret/sessions/s-0001/handoff", {}],
    ];
    for (const [method, path, body] of writes) {
      const response = await priya.send(method, path, body);
      expect([method, path, response.status]).toEqual([method, path, 404]);
    }
    const { body } = await people().krishna.get("/projects/secret/messages");
    expect((JSON.parse(body) as Page<unknown>).items.length).toBe(2);
  });
});

test("what a machine recorded while its person had no access waits, and comes in when access does (B4, A8)", async () => {
  const mine = startMachine({ project: "secret", name: "of-priya" });
  const open = startMachine({ project: "open" });
  const send = async (lines: string[]) => {
    const headers = { "content-type": "application/x-ndjson" };
    const init = { method: "POST", headers, body: lines.join("\n") };
    return (await (await people().priya.call("/ingest", init)).json()) as Record<string, unknown>;
  };
  const both = JSON.stringify({
    machine: JSON.parse(mine.head()).machine,
    sessions: [...JSON.parse(mine.head()).sessions, ...JSON.parse(open.head()).sessions],
  });
  const waiting = mine.line();
  expect(await send([both, waiting, open.line()])).toMatchObject({
    stored: 1,
    acked: { [open.session]: 1 },
    refused: [],
    blocked: [{ session: mine.session, code: "not_found" }],
  });
  const added = await people().krishna.send("PUT", "/projects/secret/members/user:priya");
  expect(await added.json()).toEqual({ added: true });
  expect(await send([mine.head(), waiting])).toMatchObject({
    stored: 1,
    acked: { [mine.session]: 1 },
    blocked: [],
  });
  await people().krishna.send("DELETE", "/projects/secret/members/user:priya");
  expect(await send([mine.head(), mine.line()])).toMatchObject({ stored: 0, acked: {} });
});

test("an admin reads a private project, and it is written down once an hour (F5, F6)", async () => {
  const reads = async () => {
    const { body } = await people().boss.get("/audit?action=project.read&actor=user:boss");
    return (JSON.parse(body) as Page<AuditRow>).items;
  };
  expect(await reads()).toEqual([]);
  expect((await people().boss.get("/projects/secret")).status).toBe(200);
  expect((await people().boss.get("/projects/secret/messages")).status).toBe(200);
  expect((await people().boss.get("/projects/secret/sessions/s-0001")).status).toBe(200);
  expect(await reads()).toMatchObject([
    { action: "project.read", target: "secret", actor: "user:boss", address: "127.0.0.1" },
  ]);
});

test("visibility and members are for the project's members and admins; a viewer looks on (F5)", async () => {
  const { db, caller } = polaris;
  const viewer = as(polaris, await person(db, caller.org, "viewer", "viewer"));
  await people().krishna.send("POST", "/projects", { slug: "shared" });
  expect((await people().priya.send("PATCH", "/projects/shared", { name: "x" })).status).toBe(403);
  expect((await viewer.send("PATCH", "/projects/shared", { name: "x" })).status).toBe(403);
  const put = "/projects/shared/members/user:priya";
  expect((await people().priya.send("PUT", put)).status).toBe(403);
  expect((await people().boss.send("PUT", put)).status).toBe(200);
  const renamed = await people().priya.send("PATCH", "/projects/shared", {
    name: "Shared",
    visibility: "private",
  });
  expect(await renamed.json()).toMatchObject({ name: "Shared", visibility: "private" });
  expect((await viewer.get("/projects/shared")).status).toBe(404);
  const { body } = await people().priya.get("/projects/shared/members");
  const { items } = JSON.parse(body) as { items: { participant: string; addedBy: string }[] };
  expect(items.map((item) => [item.participant, item.addedBy])).toEqual([
    ["user:krishna", "user:krishna"],
    ["user:priya", "user:boss"],
  ]);
  const nobody = await people().priya.send("PUT", "/projects/shared/members/user:nobody");
  expect(nobody.status).toBe(404);
  // A script's token with the scope ingest may record, not open doors.
  const { secret } = (await krishna?.token(["read", "ingest"])) ?? { secret: "" };
  const init = { method: "PATCH", as: secret, body: JSON.stringify({ visibility: "org" }) };
  expect((await polaris.call("/projects/shared", init)).status).toBe(403);
});
