import { expect, test } from "bun:test";
import * as links from "../../src/core/links.ts";
import { startPolaris } from "../helpers/polaris.ts";

type Entrance = NonNullable<NonNullable<Parameters<typeof startPolaris>[0]>["entrance"]>;

/** The cookie of a browser that comes in by a link, with these headers. */
async function cookieOf(entrance: Entrance, headers: Record<string, string> = {}) {
  await using polaris = await startPolaris({ entrance });
  const email = "priya@example.com";
  const org = polaris.caller.org;
  const code = await links.make(polaris.db, { kind: "invite", org, role: "member", email });
  const person = { "sec-fetch-mode": "navigate", ...headers };
  const response = await polaris.call(`/claim?code=${code}`, { as: null, headers: person });
  return { cookie: response.headers.get("set-cookie") ?? "", response };
}

const https = { "x-forwarded-proto": "https" };

test("the session's cookie is for our server alone, and for https where people come by https", async () => {
  expect((await cookieOf({})).cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Lax$/);
  expect((await cookieOf({ publicUrl: "https://polaris.example" })).cookie).toEndWith("; Secure");
  expect((await cookieOf({ proxies: ["127.0.0.1"] }, https)).cookie).toEndWith("; Secure");
});

test("X-Forwarded-Proto is believed from configured proxies alone", async () => {
  expect((await cookieOf({}, https)).cookie).not.toContain("Secure");
  expect((await cookieOf({ proxies: ["10.0.0.1"] }, https)).cookie).not.toContain("Secure");
});

test("every answer forbids framing and guessing of types, and https stays https", async () => {
  await using polaris = await startPolaris({ entrance: { publicUrl: "https://polaris.example" } });
  for (const path of ["/", "/sign-in", "/me", "/nothing", "/healthz", "/app"]) {
    const { headers } = await polaris.call(path, { as: path === "/me" ? polaris.token : null });
    expect({ path, ...Object.fromEntries(headers) }).toMatchObject({
      path,
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "strict-transport-security": "max-age=31536000",
    });
  }
});
