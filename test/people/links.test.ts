import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import * as links from "../../src/core/links.ts";
import { homeOrg } from "../../src/core/people.ts";
import { hashOf } from "../../src/core/secrets.ts";
import { type Polaris, startPolaris } from "../helpers/polaris.ts";
import { startVisitor, type Visitor } from "../helpers/visitor.ts";

let polaris: Polaris;
beforeAll(async () => {
  polaris = await startPolaris();
});
afterAll(() => polaris[Symbol.asyncDispose]());

const invite = (more: Partial<Parameters<typeof links.make>[1]> = {}) =>
  links.make(polaris.db, {
    kind: "invite",
    org: polaris.caller.org,
    role: "member",
    createdBy: "user:manu",
    ...more,
  });
const address = (code: string, at = polaris) => `${at.publicUrl}/claim?code=${code}`;
const me = async (visitor: Visitor, at = polaris) =>
  (await visitor.once(`${at.publicUrl}/me`)).json();
const count = async (table: string): Promise<number> =>
  (await polaris.database.admin.unsafe(`select count(*)::int as n from ${table}`))[0]?.n ?? -1;

/** A server that nobody has claimed. */
async function startFresh() {
  const fresh = await startPolaris();
  const { admin } = fresh.database;
  await admin`delete from api_tokens`;
  await admin`delete from memberships`;
  await admin`delete from participants`;
  await admin`delete from users`;
  return fresh;
}

describe("claiming a fresh server (F1)", () => {
  const claims = (fresh: Polaris) =>
    fresh.call("/auth/claims", { method: "POST", as: fresh.localKey });

  test("its first person fills in a form and owns it; wrong fields are named and kept", async () => {
    await using fresh = await startFresh();
    const { claimUrl } = (await (await claims(fresh)).json()) as { claimUrl: string };
    const visitor = startVisitor();
    const page = await visitor.open(claimUrl);
    expect(page.text).toContain("Make this server yours");
    const wrong = await visitor.submit(page, { email: "manu@", name: "Manu <b>" });
    expect([wrong.status, wrong.text.includes("That is not an email address.")]).toEqual([
      400,
      true,
    ]);
    expect(wrong.text).toContain('value="Manu &lt;b>"');
    const inside = await visitor.submit(wrong, { email: "Manu@Example.com", name: "Manu" });
    expect(inside.url).toBe(`${fresh.publicUrl}/app`);
    expect(await me(visitor, fresh)).toMatchObject({ participant: "user:manu", role: "owner" });
    expect((await claims(fresh)).status).toBe(409);
    const acts = await fresh.database.admin`
      select action, actor, address from audit where actor = 'user:manu' order by n desc limit 2`;
    expect([...acts]).toMatchObject([
      { action: "device.signed_in", address: "127.0.0.1" },
      { action: "org.claimed", address: "127.0.0.1" },
    ]);
  });

  test("of two printed links the first one opened makes the owner", async () => {
    await using fresh = await startFresh();
    const org = await homeOrg(fresh.db);
    const codes = await Promise.all(
      [1, 2].map(() => links.make(fresh.db, { kind: "claim", org, role: "owner" })),
    );
    const pages = await Promise.all(
      codes.map((code, n) =>
        startVisitor().post(`${fresh.publicUrl}/claim`, {
          code,
          email: `p${n}@example.com`,
          name: "P",
        }),
      ),
    );
    expect(pages.map(({ status }) => status).sort()).toEqual([200, 410]);
  });

  test("a claim link is worth nothing where there is an owner", async () => {
    const code = await links.make(polaris.db, {
      kind: "claim",
      org: polaris.caller.org,
      role: "owner",
    });
    const form = { code, email: "eve@evil.example", name: "Eve" };
    const page = await startVisitor().post(`${polaris.publicUrl}/claim`, form);
    expect(page.status).toBe(410);
  });

  test("a link is over after its time", async () => {
    const code = await invite({ lifeMs: -1000 });
    const page = await startVisitor().open(address(code));
    expect([page.status, page.text.includes("This link is over")]).toEqual([410, true]);
  });
});

describe("one-time links", () => {
  test("an invitation lets a new person in, without any provider (F5)", async () => {
    const visitor = startVisitor();
    const page = await visitor.open(address(await invite()));
    expect(page.text).toContain("Join Home");
    const inside = await visitor.submit(page, { email: "krishna@example.com", name: "Krishna" });
    expect(inside.url).toBe(`${polaris.publicUrl}/app`);
    expect(await me(visitor)).toMatchObject({ participant: "user:krishna", role: "member" });
  });

  test("opened by twenty at once it lets one in, and only that one is stored", async () => {
    const code = await invite();
    const before = await count("users");
    const pages = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        startVisitor().post(`${polaris.publicUrl}/claim`, {
          code,
          email: `many${n}@example.com`,
          name: `Many ${n}`,
        }),
      ),
    );
    expect(pages.filter(({ status }) => status === 200).length).toBe(1);
    expect(pages.filter(({ status }) => status === 410).length).toBe(19);
    expect(await count("users")).toBe(before + 1);
  });

  test("whoever holds a member's invitation cannot become somebody who is here already", async () => {
    for (const email of ["manu@example.com", "MANU@example.com "]) {
      for (const code of [await invite(), await invite({ email: "manu@example.com" })]) {
        const visitor = startVisitor();
        const page = await visitor.post(`${polaris.publicUrl}/claim`, { code, email, name: "Eve" });
        expect([page.status, page.text.includes("sign_in_first")]).toEqual([409, true]);
        await visitor.open(address(code));
        expect(visitor.cookies(polaris.publicUrl).has("polaris_session")).toBe(false);
        // The refusal used nothing up.
        expect(await links.peek(polaris.db, code)).toBeDefined();
      }
    }
  });

  test("who is signed in joins as themselves, whatever the form says", async () => {
    const visitor = startVisitor();
    await visitor.submit(await visitor.open(address(await invite())), {
      email: "priya@example.com",
      name: "Priya",
    });
    const other = await polaris.call("/orgs", {
      method: "POST",
      body: JSON.stringify({ name: "Other" }),
    });
    expect(other.status).toBe(403);
    const code = await invite({ role: "admin" });
    const page = await visitor.open(address(code));
    expect(page.text).toContain("Join as priya@example.com");
    await visitor.submit(page, { email: "manu@example.com" });
    expect(await me(visitor)).toMatchObject({ participant: "user:priya" });
  });

  test("the server's own machine prints a link that signs a member in again", async () => {
    const ask = (email: string, as: string | null = polaris.localKey) =>
      polaris.call("/auth/links", { method: "POST", as, body: JSON.stringify({ email }) });
    expect((await ask("manu@example.com", polaris.token)).status).toBe(401);
    expect((await ask("nobody@example.com")).status).toBe(404);
    const { url } = (await (await ask("manu@example.com")).json()) as { url: string };
    const visitor = startVisitor();
    expect((await visitor.open(url)).url).toBe(`${polaris.publicUrl}/app`);
    expect(await me(visitor)).toMatchObject({ participant: "user:manu", role: "owner" });
  });

  test("a form from a foreign page is refused", async () => {
    const code = await invite();
    const response = await fetch(`${polaris.url}/claim`, {
      method: "POST",
      headers: { origin: "https://evil.example", "sec-fetch-site": "cross-site" },
      body: new URLSearchParams({ code, email: "eve@evil.example", name: "Eve" }),
    });
    expect(response.status).toBe(403);
    expect(await links.peek(polaris.db, code)).toBeDefined();
  });

  test("ten thousand guesses all get the same answer, and store nothing", async () => {
    await invite();
    const before = await count("users");
    const answers = new Set<string>();
    for (let batch = 0; batch < 100; batch++) {
      await Promise.all(
        Array.from({ length: 100 }, async (_, n) => {
          const code = n % 10 === 0 ? "' or 1=1 --" : `pol_l_${crypto.randomUUID()}`;
          const response = await fetch(`${polaris.url}/claim`, {
            method: "POST",
            body: new URLSearchParams({ code, email: "manu@example.com", name: "Eve" }),
          });
          answers.add(`${response.status} ${hashOf(await response.text()).toString("hex")}`);
        }),
      );
    }
    expect([...answers].map((answer) => answer.slice(0, 3))).toEqual(["410"]);
    expect(await count("users")).toBe(before);
  }, 60_000);
});
