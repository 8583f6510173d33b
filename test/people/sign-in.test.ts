import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import * as links from "../../src/core/links.ts";
import { type Account, startIssuer } from "../helpers/issuer.ts";
import { type Polaris, startPolaris } from "../helpers/polaris.ts";
import { freePort } from "../helpers/port.ts";
import { type Seen, startVisitor, type Visitor } from "../helpers/visitor.ts";

type Issuer = Awaited<ReturnType<typeof startIssuer>>;

const port = await freePort();
const accounts: Record<string, Account> = {
  manu: { email: "manu@example.com", email_verified: true, name: "Manu" },
  "manu-later": { email: "manu@new.example", email_verified: true },
  priya: { email: "Priya@Example.com", email_verified: true, name: "Priya" },
  krishna: { email: "krishna@acme.example", email_verified: true },
  stranger: { email: "stranger@evil.example", email_verified: true },
  loose: { email: "priya@example.com", email_verified: false },
  nameless: {},
  second: { email: "manu@example.com", email_verified: true },
};
let issuer: Issuer;
let polaris: Polaris;
beforeAll(async () => {
  issuer = await startIssuer(`http://localhost:${port}/auth/oidc/callback`, accounts);
  polaris = await startPolaris({ port, entrance: { providers: [issuer.settings] } });
});
afterAll(async () => {
  await polaris[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

/** From the door through the issuer's login and consent, back to us. */
async function signIn(
  login: string,
  { query = "", visitor = startVisitor(), at = polaris.publicUrl } = {},
): Promise<{ page: Seen; visitor: Visitor }> {
  let page = await visitor.open(`${at}/auth/oidc/start${query}`);
  if (page.text.includes('name="login"'))
    page = await visitor.submit(page, { login, password: "x" });
  if (page.text.includes('value="consent"')) page = await visitor.submit(page);
  return { page, visitor };
}

const me = async (visitor: Visitor) => {
  const response = await visitor.once(`${polaris.publicUrl}/me`);
  return response.json();
};
const invite = (more: { email?: string; createdBy?: string } = {}) =>
  links.make(polaris.db, {
    kind: "invite",
    org: polaris.caller.org,
    role: "member",
    createdBy: "user:manu",
    ...more,
  });
const users = async (): Promise<number> =>
  (await polaris.database.admin`select count(*)::int as n from users`)[0]?.n ?? -1;

describe("signing in with OpenID Connect (F1)", () => {
  test("a member signs in and is taken where they wanted to go", async () => {
    const { page, visitor } = await signIn("manu", { query: "?next=/app/settings/members" });
    expect(page.url).toBe(`${polaris.publicUrl}/app/settings/members`);
    expect(await me(visitor)).toMatchObject({
      participant: "user:manu",
      role: "owner",
      kind: "browser",
    });
  });

  test("what machines and tokens were signed in before stays so for an owner", async () => {
    expect((await polaris.call("/me")).status).toBe(200);
  });

  test("an identity stays the same person when its email changes", async () => {
    const before = accounts.manu;
    accounts.manu = accounts["manu-later"] ?? {};
    const { visitor } = await signIn("manu");
    expect(await me(visitor)).toMatchObject({ participant: "user:manu" });
    if (before) accounts.manu = before;
  });

  test("another subject with the same email is not the same person", async () => {
    const { page } = await signIn("second");
    expect(page.status).toBe(409);
    expect(page.text).toContain("account_other");
  });

  test("who was not asked in is told so, and leaves no trace", async () => {
    const before = await users();
    const { page } = await signIn("stranger");
    expect([page.status, page.text.includes("You are not invited yet")]).toEqual([403, true]);
    expect(await users()).toBe(before);
  });

  test.each(["loose", "nameless"])(
    "an address that is not verified opens nothing (%s)",
    async (login) => {
      const { page } = await signIn(login);
      expect([page.status, page.text.includes("email_unverified")]).toEqual([403, true]);
    },
  );

  test("who is invited joins with the address that the issuer verified", async () => {
    const code = await invite({ email: "priya@example.com" });
    const { page, visitor } = await signIn("priya", { query: `?code=${code}` });
    expect(page.url).toBe(`${polaris.publicUrl}/app`);
    expect(await me(visitor)).toMatchObject({ participant: "user:priya", role: "member" });
    const again = await signIn("priya", { query: `?code=${code}` });
    expect([again.page.status, again.page.text.includes("code_used")]).toEqual([410, true]);
  });

  test("a link for one address is no use to another, and stays for whom it is", async () => {
    const code = await invite({ email: "krishna@acme.example" });
    const wrong = await signIn("stranger", { query: `?code=${code}` });
    expect([wrong.page.status, wrong.page.text.includes("link_other")]).toEqual([403, true]);
    const right = await signIn("krishna", { query: `?code=${code}` });
    expect(await me(right.visitor)).toMatchObject({ participant: "user:krishna" });
  });

  test("where a provider verifies addresses, typing one opens no invitation", async () => {
    const code = await invite();
    const visitor = startVisitor();
    const page = await visitor.open(`${polaris.publicUrl}/claim?code=${code}`);
    expect(page.text).toContain(`/auth/oidc/start?code=${code}`);
    expect(page.text).not.toContain("<form");
    const sent = await visitor.post(`${polaris.publicUrl}/claim`, {
      code,
      email: "boss@example.com",
      name: "Boss",
    });
    expect([sent.status, sent.text.includes("sign_in_first")]).toEqual([409, true]);
  });
});

describe("a sign-in belongs to one browser and one moment", () => {
  const start = async (visitor: Visitor, next = "/app") => {
    const response = await visitor.once(`${polaris.publicUrl}/auth/oidc/start?next=${next}`);
    return new URL(response.headers.get("location") ?? "");
  };
  const callback = (query: Record<string, string>) =>
    `${polaris.publicUrl}/auth/oidc/callback?${new URLSearchParams(query)}`;

  test("asks with state, nonce and PKCE, and marks the browser with a cookie of ten minutes", async () => {
    const response = await startVisitor().once(`${polaris.publicUrl}/auth/oidc/start`);
    const { searchParams } = new URL(response.headers.get("location") ?? "");
    expect(Object.fromEntries(searchParams)).toMatchObject({
      code_challenge_method: "S256",
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^pol_s_[\w-]{43}$/),
      redirect_uri: `${polaris.publicUrl}/auth/oidc/callback`,
    });
    expect(response.headers.get("set-cookie")).toMatch(
      /^polaris_signin=pol_s_[\w-]{43}; Max-Age=600; Path=\/auth; HttpOnly; SameSite=Lax$/,
    );
  });

  test("its answer in another browser, with another state, or a second time finds nothing", async () => {
    const visitor = startVisitor();
    const state = (await start(visitor)).searchParams.get("state") ?? "";
    const answers = [
      await startVisitor().open(callback({ state, code: "x" })),
      await visitor.open(callback({ state: `${state.slice(0, -1)}_`, code: "x" })),
      await visitor.open(callback({ code: "x" })),
    ];
    for (const page of answers) {
      expect([page.status, page.text.includes("sign_in_over")]).toEqual([410, true]);
    }
    const { visitor: done } = await signIn("manu");
    const answer = done.trail.find((url) => url.includes("/auth/oidc/callback?code=")) ?? "";
    const replayed = await done.open(answer);
    expect([replayed.status, replayed.text.includes("sign_in_over")]).toEqual([410, true]);
  });

  test("a person who says no at the provider is told that nothing was stored", async () => {
    const visitor = startVisitor();
    const login = await visitor.open(`${polaris.publicUrl}/auth/oidc/start`);
    const abort = /href="([^"]+\/abort)"/.exec(login.text)?.[1] ?? "";
    const page = await visitor.open(abort);
    expect([page.status, page.text.includes("sign_in_cancelled")]).toEqual([403, true]);
    expect(visitor.cookies(polaris.publicUrl).has("polaris_session")).toBe(false);
  });

  test("two sign-ins side by side in one browser both arrive", async () => {
    const visitor = startVisitor();
    await start(visitor);
    const { page } = await signIn("manu", { visitor });
    expect(page.url).toBe(`${polaris.publicUrl}/app`);
  });

  test.each([
    "//evil.example",
    "https://evil.example",
    "/\\evil.example",
    "/%09/evil.example",
    "javascript:alert(1)",
  ])("never leads to another host: next=%s", async (next) => {
    const { page } = await signIn("manu", { query: `?next=${next}` });
    expect(new URL(page.url).host).toBe(new URL(polaris.publicUrl).host);
  });

  test("a provider that nobody configured is a clear page", async () => {
    const page = await startVisitor().open(`${polaris.publicUrl}/auth/nobody/start`);
    expect([page.status, page.text.includes("Nobody signs in this way here.")]).toEqual([
      404,
      true,
    ]);
  });

  test("only hashes of state and browser are stored", async () => {
    const rows = await polaris.database.admin`select to_json(s)::text as row from sign_ins s`;
    expect(rows.length).toBeGreaterThan(5);
    for (const { row } of rows) expect(row).not.toContain("pol_s_");
  });

  test("those that nobody came back from are swept a day after they are over", async () => {
    const { admin } = polaris.database;
    await admin`update sign_ins set expires_at = now() - interval '25 hours'`;
    await admin`
      update sign_ins set expires_at = now() - interval '23 hours'
      where state_hash = (select state_hash from sign_ins limit 1)`;
    await startVisitor().open(`${polaris.publicUrl}/auth/oidc/start`);
    const rows = await admin<
      { lives: boolean }[]
    >`select expires_at > now() as lives from sign_ins order by lives`;
    expect(rows.map(({ lives }) => lives)).toEqual([false, true]);
  });
});

test("a provider that is away is a clear page, and signs in again once it is back", async () => {
  const port = await freePort();
  const away = await startIssuer(`http://localhost:${port}/auth/oidc/callback`, accounts);
  await away[Symbol.asyncDispose]();
  await using server = await startPolaris({ port, entrance: { providers: [away.settings] } });
  const page = await startVisitor().open(`${server.publicUrl}/auth/oidc/start`);
  expect([page.status, page.text.includes("provider_unavailable")]).toEqual([503, true]);
  expect(page.text).toContain("Acme does not answer just now.");
});
