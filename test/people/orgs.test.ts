import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Role } from "../../src/core/caller.ts";
import { openBrowser } from "../../src/core/devices.ts";
import { admit, userOf } from "../../src/core/people.ts";
import { until } from "../../src/lib/until.ts";
import { type Polaris, startPolaris } from "../helpers/polaris.ts";

let polaris: Polaris;
beforeAll(async () => {
  polaris = await startPolaris();
});
afterAll(() => polaris[Symbol.asyncDispose]());

/** A member in a browser: calls as their pages do. */
async function join(email: string, role: Role, org = polaris.caller.org) {
  const { db } = polaris;
  const user = await userOf(db, { email });
  const participant = await db.as(org, (tx) => admit(tx, org, user, role));
  const secret = await openBrowser(db, { org, user: user.id, name: "test" });
  return { user, participant, ...browserOf(secret) };
}

function browserOf(secret: string) {
  const headers = { cookie: `polaris_session=${secret}`, "sec-fetch-site": "same-origin" };
  const call = (path: string, method = "GET", body?: unknown) =>
    polaris.call(path, {
      method,
      as: null,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return { call, json: async (path: string) => (await call(path)).json() };
}
type Member = Awaited<ReturnType<typeof join>>;

/** An organisation of its own, with its owner's browser in it. */
async function found(email: string, name: string) {
  const start = await join(email, "viewer");
  const { id } = (await (await start.call("/orgs", "POST", { name })).json()) as { id: string };
  const response = await start.call(`/orgs/${id}/switch`, "POST");
  const secret =
    /polaris_session=([^;]+)/.exec(response.headers.get("set-cookie") ?? "")?.[1] ?? "";
  return { id, user: start.user, before: start, ...browserOf(secret) };
}
const codeOf = async (response: Response) =>
  ((await response.json()) as { error: { code: string } }).error.code;

describe("organisations (F4)", () => {
  test("a person makes several, sees theirs, and goes from one to another", async () => {
    const priya = await found("priya.many@example.com", "Acme");
    expect(await priya.json("/me")).toMatchObject({ org: priya.id, role: "owner" });
    // The session they came from has ended.
    expect((await priya.before.call("/me")).status).toBe(401);
    const list = (await priya.json("/orgs")) as {
      items: { name: string; role: string; current: boolean }[];
    };
    expect(list.items.map(({ name, role, current }) => [name, role, current])).toEqual([
      ["Acme", "owner", true],
      ["Home", "viewer", false],
    ]);
    expect(
      await (await priya.call(`/orgs/${priya.id}`, "PATCH", { name: "Acme Ltd" })).json(),
    ).toMatchObject({ name: "Acme Ltd" });
  });

  test("nobody goes to, renames or sees one that is not theirs", async () => {
    const acme = await found("eve.first@example.com", "Eve's");
    const home = polaris.caller.org;
    const stranger = await found("eve.second@example.com", "Other");
    for (const org of [acme.id, crypto.randomUUID(), "home", "' or 1=1"]) {
      const response = await stranger.call(`/orgs/${encodeURIComponent(org)}/switch`, "POST");
      expect(response.status).toBe(404);
      expect(
        (await stranger.call(`/orgs/${encodeURIComponent(org)}`, "PATCH", { name: "Mine" })).status,
      ).toBe(404);
    }
    expect(JSON.stringify(await stranger.json("/orgs"))).not.toContain(acme.id);
    expect(JSON.stringify(await stranger.json("/orgs/members"))).not.toContain("user:manu");
    expect(home).not.toBe(stranger.id);
  });

  test("a token acts in its own organisation alone", async () => {
    const { items } = await polaris.json<{ items: unknown[] }>("/orgs");
    expect(items.length).toBe(1);
    expect((await polaris.post("/orgs", { name: "From a script" })).status).toBe(403);
    expect(
      (await polaris.call(`/orgs/${polaris.caller.org}/switch`, { method: "POST" })).status,
    ).toBe(403);
    expect((await polaris.call("/orgs/leave", { method: "POST" })).status).toBe(403);
  });
});

describe("roles (F4)", () => {
  test("an admin changes members, makes no owners, and does not touch them", async () => {
    const owner = await found("roles.owner@example.com", "Roles");
    const admin = await join("roles.admin@example.com", "admin", owner.id);
    const member = await join("roles.member@example.com", "member", owner.id);
    const set = (who: { call: Member["call"] }, participant: string, role: string) =>
      who.call(`/orgs/members/${participant}`, "PATCH", { role });
    expect((await set(admin, member.participant, "viewer")).status).toBe(200);
    expect(await member.json("/me")).toMatchObject({ role: "viewer", scopes: ["read"] });
    expect((await set(admin, member.participant, "owner")).status).toBe(403);
    expect((await set(admin, admin.participant, "owner")).status).toBe(403);
    expect((await set(admin, "user:roles.owner", "member")).status).toBe(403);
    expect((await admin.call("/orgs/members/user:roles.owner", "DELETE")).status).toBe(403);
    expect((await admin.call("/orgs/invites", "POST", { role: "owner" })).status).toBe(403);
    expect((await set(member, member.participant, "admin")).status).toBe(403);
    expect((await set(owner, "user:nobody", "admin")).status).toBe(404);
    expect((await set(owner, member.participant, "king")).status).toBe(400);
  });

  test("the last owner neither leaves nor steps down, also when two try at once", async () => {
    const owner = await found("last.one@example.com", "Last");
    const me = "user:last.one";
    expect(await codeOf(await owner.call("/orgs/leave", "POST"))).toBe("last_owner");
    expect(await codeOf(await owner.call(`/orgs/members/${me}`, "PATCH", { role: "admin" }))).toBe(
      "last_owner",
    );
    expect(await codeOf(await owner.call(`/orgs/members/${me}`, "DELETE"))).toBe("last_owner");
    const second = await join("last.two@example.com", "owner", owner.id);
    const both = await Promise.all([
      owner.call(`/orgs/members/${me}`, "PATCH", { role: "admin" }),
      second.call("/orgs/leave", "POST"),
    ]);
    expect(both.map(({ status }) => status < 300).sort()).toEqual([false, true]);
  });
});

describe("leaving and coming back", () => {
  test("a removed member's browsers and tokens stop within a second; name and history stay theirs", async () => {
    const owner = await found("back.owner@example.com", "Back");
    const gone = await join("krishna@acme.example", "admin", owner.id);
    await gone.call("/projects", "POST", { slug: "kept" });
    const { url } = (await (await gone.call("/orgs/invites", "POST", {})).json()) as {
      url: string;
    };
    expect((await owner.call("/orgs/members/user:krishna", "DELETE")).status).toBe(204);
    await until(async () => (await gone.call("/me")).status === 401, { timeoutMs: 1000 });
    // Invitations that they made are no way back in.
    expect((await fetch(url)).status).toBe(410);
    const members = (await owner.json("/orgs/members")) as { items: { participant: string }[] };
    expect(members.items.map(({ participant }) => participant)).toEqual(["user:back.owner"]);

    // Somebody else with the same name does not get theirs.
    const other = await join("krishna@other.example", "member", owner.id);
    expect(other.participant).toBe("user:krishna-2");
    const again = await join("krishna@acme.example", "viewer", owner.id);
    expect(again.participant).toBe("user:krishna");
    expect(await again.json("/me")).toMatchObject({ role: "viewer" });
    expect((await gone.call("/me")).status).toBe(401);
    const [project] = await polaris.database
      .admin`select created_by from projects where slug = 'kept'`;
    expect(project?.created_by).toBe("user:krishna");
  });

  test("everything that was done is in the audit, and nothing of what is secret", async () => {
    const acts = await polaris.database.admin<
      { action: string; row: string }[]
    >`select action, to_json(a)::text as row from audit a`;
    const seen = new Set(acts.map(({ action }) => action));
    for (const action of ["org.created", "member.role_changed", "member.removed", "invite.made"]) {
      expect(seen).toContain(action);
    }
    for (const { row } of acts) expect(row).not.toMatch(/pol_[a-z]_/);
  });
});

describe("participants are named after the email, once and for ever", () => {
  test.each([
    ["Jörg.Müller@example.com", "user:jorg.muller"],
    ["o'brien+work@example.com", "user:o-brien-work"],
    ["...@example.com", "user:someone"],
    ["李雷@example.com", "user:someone-2"],
    ["a@example.com", "user:a"],
    [`${"x".repeat(64)}@example.com`, `user:${"x".repeat(64)}`],
    ["manu@a.example", "user:manu-2"],
    ["manu@b.example", "user:manu-3"],
    ["MANU@A.example", "user:manu-2"],
  ])("%s is %s", async (email, participant) => {
    expect((await join(email, "member")).participant).toBe(participant);
  });

  test("two of the same name who come at the same moment get two names", async () => {
    const names = await Promise.all(
      Array.from({ length: 8 }, (_, n) => join(`twin@${n}.example`, "viewer")),
    );
    expect(new Set(names.map(({ participant }) => participant)).size).toBe(8);
  });
});

describe("domains (F5)", () => {
  const put = (who: { call: Member["call"] }, domain: string, body: unknown = {}) =>
    who.call(`/orgs/domains/${domain}`, "PUT", body);
  const verify = (email: string) =>
    polaris.database.admin`update users set proof = 'issuer' where email = ${email}`;

  test("an admin adds the domain of their own verified address and no other", async () => {
    const owner = await found("owner@acme.example", "Acme");
    expect(await codeOf(await put(owner, "acme.example"))).toBe("forbidden");
    await verify("owner@acme.example");
    expect((await put(owner, "ACME.example", { role: "viewer" })).status).toBe(200);
    expect((await put(owner, "acme.example")).status).toBe(200);
    expect(await codeOf(await put(owner, "other.example"))).toBe("forbidden");
    expect((await put(owner, "not a domain")).status).toBe(400);
    expect((await put(owner, "acme.example", { role: "owner" })).status).toBe(400);
    expect(await owner.json("/orgs/domains")).toEqual({
      items: [{ domain: "acme.example", role: "member" }],
      next: null,
    });

    const rival = await found("rival@acme.example", "Rival");
    await verify("rival@acme.example");
    expect(await codeOf(await put(rival, "acme.example"))).toBe("conflict");
    expect((await rival.call("/orgs/domains/acme.example", "DELETE")).status).toBe(404);
    expect((await owner.call("/orgs/domains/acme.example", "DELETE")).status).toBe(204);
    expect((await put(rival, "acme.example")).status).toBe(200);
  });

  test.each(["gmail.com", "outlook.com", "posteo.de", "mail.gmail.com"])(
    "%s is everybody's, and refused",
    async (domain) => {
      const owner = await found(`owner@${domain}`, "Everybody");
      await verify(`owner@${domain}`);
      expect(await codeOf(await put(owner, domain))).toBe("public_domain");
    },
  );
});
