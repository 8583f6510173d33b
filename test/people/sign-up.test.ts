import { afterAll, beforeAll, expect, test } from "bun:test";
import type { SignUp } from "../../src/core/arrive.ts";
import * as links from "../../src/core/links.ts";
import { type Account, startIssuer } from "../helpers/issuer.ts";
import { startPolaris } from "../helpers/polaris.ts";
import { freePort } from "../helpers/port.ts";
import { startVisitor, type Visitor } from "../helpers/visitor.ts";

const accounts: Record<string, Account> = {
  manu: { email: "manu@example.com", email_verified: true, name: "Manu" },
  priya: { email: "priya@acme.example", email_verified: true, name: "Priya" },
  krishna: { email: "krishna@other.example", email_verified: true },
};

/** A server with a provider, and a way to sign in there. */
async function startWorld(signUp: SignUp) {
  const port = await freePort();
  await using stack = new AsyncDisposableStack();
  const issuer = stack.use(
    await startIssuer(`http://localhost:${port}/auth/oidc/callback`, accounts),
  );
  const entrance = { providers: [issuer.settings], signUp };
  const polaris = stack.use(await startPolaris({ port, entrance }));
  const owned = stack.move();
  return {
    polaris,
    async signIn(login: string, visitor = startVisitor(), query = "") {
      let page = await visitor.open(`${polaris.publicUrl}/auth/oidc/start${query}`);
      if (page.text.includes('name="login"')) {
        page = await visitor.submit(page, { login, password: "x" });
      }
      if (page.text.includes('value="consent"')) page = await visitor.submit(page);
      return { page, visitor };
    },
    me: async (visitor: Visitor) => (await visitor.once(`${polaris.publicUrl}/me`)).json(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

let open: Awaited<ReturnType<typeof startWorld>>;
beforeAll(async () => {
  open = await startWorld("open");
});
afterAll(() => open[Symbol.asyncDispose]());

test("where signing up is open, a verified person without an organisation makes one, once (F1)", async () => {
  const { page, visitor } = await open.signIn(
    "priya",
    startVisitor(),
    "?next=/app/settings/members",
  );
  expect(page.text).toContain("No organisation yet");
  expect(page.text).toContain("Signed in as priya@acme.example");
  expect((await visitor.once(`${open.polaris.publicUrl}/projects`)).status).toBe(401);
  const wrong = await visitor.submit(page, { name: " " });
  expect([wrong.status, wrong.text.includes("1 to 100 letters")]).toEqual([400, true]);

  const secret = visitor.cookies(open.polaris.publicUrl).get("polaris_signup") ?? "";
  const inside = await visitor.submit(page, { name: "Acme" });
  expect(inside.url).toBe(`${open.polaris.publicUrl}/app/settings/members`);
  expect(inside.text).toContain("Members of Acme");
  expect(await open.me(visitor)).toMatchObject({ participant: "user:priya", role: "owner" });
  expect(visitor.cookies(open.polaris.publicUrl).has("polaris_signup")).toBe(false);

  const replay = startVisitor();
  replay.cookies(open.polaris.publicUrl).set("polaris_signup", secret);
  const again = await replay.post(`${open.polaris.publicUrl}/app/welcome`, { name: "Second" });
  expect(again.url).toContain("/sign-in");
  expect(await open.polaris.database.admin`select 1 from orgs where name = 'Second'`).toHaveLength(
    0,
  );
  expect((await open.signIn("priya")).page.url).toBe(`${open.polaris.publicUrl}/app`);
});

test("the switcher in the bar takes a person to their other organisation and back", async () => {
  const { visitor } = await open.signIn("manu");
  const made = await visitor.post(`${open.polaris.publicUrl}/app/welcome`, { name: "Side" });
  expect(made.text).toContain("Go to Home");
  const home = await visitor.submit(made, {}, "Go to Home");
  expect(home.text).toContain("Go to Side");
  expect(await open.me(visitor)).toMatchObject({ org: open.polaris.caller.org });
  // The next sign-in comes back to where they were.
  expect((await open.signIn("manu")).page.text).toContain("Go to Side");
});

test("where only some domains may, others are told that it is the address", async () => {
  await using world = await startWorld(["acme.example"]);
  expect((await world.signIn("priya")).page.text).toContain("No organisation yet");
  const { page } = await world.signIn("krishna");
  expect([page.status, page.text.includes("wrong_domain")]).toEqual([403, true]);
});

test("a verified address of an organisation's domain joins by itself, but not after being removed (F5)", async () => {
  await using world = await startWorld("invited");
  const { polaris } = world;
  const { org } = polaris.caller;
  await polaris.database.admin`
    insert into org_domains (domain, org_id, role) values ('acme.example', ${org}, 'viewer')`;
  const { visitor } = await world.signIn("priya");
  expect(await world.me(visitor)).toMatchObject({ participant: "user:priya", role: "viewer", org });
  await polaris.call("/orgs/members/user:priya", { method: "DELETE" });
  const { page } = await world.signIn("priya");
  expect([page.status, page.text.includes("not_invited")]).toEqual([403, true]);
});

test("an account that a link made is cleared of its maker's sessions once its person proves to be it", async () => {
  await using world = await startWorld("invited");
  const { polaris } = world;
  // On a server without providers, an admin opened the link that they had made for somebody else.
  const link = { kind: "invite", org: polaris.caller.org, role: "member" } as const;
  const code = await links.make(polaris.db, {
    ...link,
    createdBy: "user:manu",
    email: "priya@acme.example",
  });
  await links.use(polaris.db, code, { email: "priya@acme.example", name: "Not Priya" });
  const again = await links.make(polaris.db, { ...link, email: "priya@acme.example" });
  const maker = startVisitor();
  await maker.open(`${polaris.publicUrl}/claim?code=${again}`);
  expect(await world.me(maker)).toMatchObject({ participant: "user:priya" });

  const { visitor } = await world.signIn("priya");
  expect(await world.me(visitor)).toMatchObject({ participant: "user:priya" });
  expect((await maker.once(`${polaris.publicUrl}/me`)).status).toBe(401);
});

test("the same person, still signed in, keeps what they are signed in on", async () => {
  await using world = await startWorld("invited");
  const { polaris } = world;
  const link = { kind: "invite", org: polaris.caller.org, role: "member" } as const;
  const person = { email: "priya@acme.example", name: "Priya" };
  await links.use(
    polaris.db,
    await links.make(polaris.db, { ...link, createdBy: "user:manu" }),
    person,
  );
  const visitor = startVisitor();
  const code = await links.make(polaris.db, { ...link, email: person.email });
  await visitor.open(`${polaris.publicUrl}/claim?code=${code}`);
  const first = visitor.cookies(polaris.publicUrl).get("polaris_session") ?? "";
  await world.signIn("priya", visitor);
  const headers = { cookie: `polaris_session=${first}` };
  expect((await polaris.call("/me", { as: null, headers })).status).toBe(200);
});

test("signing out everywhere ends every browser of the person, in every organisation", async () => {
  const here = await open.signIn("manu");
  const there = await open.signIn("manu");
  const out = await there.visitor.post(`${open.polaris.publicUrl}/auth/signout/everywhere`, {});
  expect(out.url).toBe(`${open.polaris.publicUrl}/`);
  for (const { visitor } of [here, there]) {
    expect((await visitor.once(`${open.polaris.publicUrl}/me`)).status).toBe(401);
  }
  expect((await open.polaris.call("/me")).status).toBe(200);
});
