import { expect, test } from "bun:test";
import { createEmulator } from "emulate";
import { providersOf } from "../../src/server/providers.ts";
import { startPolaris } from "../helpers/polaris.ts";
import { freePort } from "../helpers/port.ts";
import { startVisitor } from "../helpers/visitor.ts";

test("signs in with Google as its own service answers, set up by Google's three settings (F1)", async () => {
  const port = await freePort();
  const redirect = `http://localhost:${port}/auth/google/callback`;
  await using google = await startGoogle(redirect);
  const providers = providersOf({
    GOOGLE_CLIENT_ID: "polaris.apps.example",
    GOOGLE_CLIENT_SECRET: "GOCSPX-of-this-test",
    GOOGLE_REDIRECT_URI: redirect,
    GOOGLE_ISSUER: google.url,
  });
  await using polaris = await startPolaris({ port, entrance: { providers } });
  const visitor = startVisitor();
  const door = await visitor.open(`${polaris.publicUrl}/sign-in?next=/app/settings/members`);
  expect(door.text).toContain("Continue with Google");
  const start = `${polaris.publicUrl}/auth/google/start?next=/app/settings/members`;
  const choose = await visitor.open(start);
  expect(new URL(choose.url).searchParams.get("prompt")).toBe("select_account");
  const page = await visitor.submit(choose, {}, "manu@example.com");
  expect(page.url).toBe(`${polaris.publicUrl}/app/settings/members`);
  const stranger = startVisitor();
  const refused = await stranger.submit(await stranger.open(start), {}, "stranger@gmail.com");
  expect([refused.status, refused.text.includes("not_invited")]).toEqual([403, true]);
  const [identity] = await polaris.database.admin`
    select i.issuer, u.email from identities i join users u on u.id = i.user_id`;
  expect(identity).toEqual({ issuer: google.url, email: "manu@example.com" });
});

test("Google is Google unless told otherwise, and half a configuration is refused at the start", () => {
  const both = { GOOGLE_CLIENT_ID: "a", GOOGLE_CLIENT_SECRET: "b", OIDC_CLIENT_ID: "c" };
  const found = providersOf({ ...both, OIDC_ISSUER: "https://id.acme.example/realms/a" });
  expect(found.map(({ id, name, issuer }) => [id, name, issuer])).toEqual([
    ["google", "Google", "https://accounts.google.com"],
    ["oidc", "id.acme.example", "https://id.acme.example/realms/a"],
  ]);
  expect(() => providersOf({ GOOGLE_CLIENT_ID: "a" })).toThrow("GOOGLE_CLIENT_SECRET is not set");
  expect(() => providersOf({ OIDC_ISSUER: "https://id.acme.example" })).toThrow("OIDC_CLIENT_ID");
  for (const issuer of ["http://id.acme.example", "ftp://127.0.0.1", "acme"]) {
    expect(() => providersOf({ ...both, OIDC_ISSUER: issuer })).toThrow("not an https address");
  }
});

async function startGoogle(redirect: string) {
  const google = await createEmulator({
    service: "google",
    port: await freePort(),
    seed: {
      google: {
        users: [
          { email: "manu@example.com", name: "Manu" },
          { email: "stranger@gmail.com", name: "Stranger" },
        ],
        oauth_clients: [
          {
            client_id: "polaris.apps.example",
            client_secret: "GOCSPX-of-this-test",
            redirect_uris: [redirect],
          },
        ],
      },
    },
  });
  return { url: google.url, [Symbol.asyncDispose]: () => google.close() };
}
