import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Forgery, startForger } from "../helpers/forger.ts";
import { type Polaris, startPolaris } from "../helpers/polaris.ts";
import { startVisitor } from "../helpers/visitor.ts";

const forger = startForger();
let polaris: Polaris;
beforeAll(async () => {
  polaris = await startPolaris({ entrance: { providers: [forger.settings] } });
});
afterAll(async () => {
  await polaris[Symbol.asyncDispose]();
  await forger[Symbol.asyncDispose]();
});

async function signIn(forgery: Forgery) {
  forger.state.forgery = forgery;
  const visitor = startVisitor();
  const page = await visitor.open(`${polaris.publicUrl}/auth/oidc/start`);
  return { page, cookies: visitor.cookies(polaris.publicUrl) };
}

const past = Math.floor(Date.now() / 1000) - 3600;
const html = () =>
  new Response("<h1>Welcome to the hotel's network</h1>", {
    headers: { "content-type": "text/html" },
  });

test("the honest token opens the door, so what follows is refused for its forgery alone", async () => {
  const { page, cookies } = await signIn({});
  expect(page.url).toBe(`${polaris.publicUrl}/app`);
  expect(cookies.get("polaris_session")).toStartWith("pol_b_");
});

test.each<[string, Forgery, number, string]>([
  ["another nonce", { claims: { nonce: "other" } }, 502, "provider_refused"],
  ["no nonce", { claims: { nonce: undefined } }, 502, "provider_refused"],
  ["another issuer", { claims: { iss: "https://evil.example" } }, 502, "provider_refused"],
  ["another audience", { claims: { aud: "somebody-else" } }, 502, "provider_refused"],
  ["alg none", { header: { alg: "none" } }, 502, "provider_refused"],
  ["a symmetric algorithm", { header: { alg: "HS256" } }, 502, "provider_refused"],
  ["a key that is not the issuer's", { otherKey: true }, 502, "provider_refused"],
  ["a key id out of a path", { header: { kid: "../../etc/passwd" } }, 502, "provider_refused"],
  ["an end in the past", { claims: { iat: past, exp: past + 60 } }, 502, "clock_skew"],
  ["a beginning in the future", { claims: { nbf: past + 7200 } }, 502, "clock_skew"],
  ["no subject", { claims: { sub: undefined } }, 502, "provider_refused"],
  ["an unverified email", { claims: { email_verified: false } }, 403, "email_unverified"],
  ["no word about the email", { claims: { email_verified: undefined } }, 403, "email_unverified"],
  ["an email that is none", { claims: { email: "manu" } }, 403, "email_unverified"],
  ["a web page instead of a token", { answer: html }, 502, "provider_refused"],
  [
    "a code that it refuses",
    { answer: () => Response.json({ error: "invalid_grant" }, { status: 400 }) },
    502,
    "provider_refused",
  ],
  [
    "an error of its own",
    { answer: () => new Response("no", { status: 503 }) },
    503,
    "provider_unavailable",
  ],
])(
  "a token with %s opens nothing and gets a page that says why (F1)",
  async (_, forgery, status, code) => {
    const { page, cookies } = await signIn(forgery);
    expect(page.status).toBe(status);
    expect(page.text).toContain(`<p class="dim">${code}</p>`);
    expect(cookies.has("polaris_session")).toBe(false);
  },
);

test("a clock that is a little off is no reason to refuse anybody", async () => {
  const now = Math.floor(Date.now() / 1000);
  const { page } = await signIn({ claims: { iat: now - 330, exp: now - 30 } });
  expect(page.url).toBe(`${polaris.publicUrl}/app`);
});

test("the provider is asked where its doors are once, not at every sign-in", async () => {
  await signIn({});
  expect(forger.state.asked).toBe(1);
});
