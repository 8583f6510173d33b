import { expect, test } from "bun:test";
import { browserTest, launch } from "../helpers/browser.ts";
import { startIssuer } from "../helpers/issuer.ts";
import { as, person } from "../helpers/people.ts";
import { startPolaris } from "../helpers/polaris.ts";
import { freePort } from "../helpers/port.ts";
import { findings, LOOKS, signedIn } from "../web/pages.ts";

test("admins see which ways in the server has, what to set for others, and no secret (E6, F1)", async () => {
  const port = await freePort();
  await using issuer = await startIssuer(`http://localhost:${port}/auth/oidc/callback`, {});
  await using polaris = await startPolaris({
    port,
    entrance: { providers: [issuer.settings], signUp: ["acme.example"] },
  });
  const krishna = as(polaris, await person(polaris.db, polaris.caller.org, "krishna", "admin"));
  const priya = as(polaris, await person(polaris.db, polaris.caller.org, "priya", "member"));
  const { body } = await krishna.get("/app/settings/members");
  const text = body.replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ");
  expect(text).toContain(`${issuer.settings.name} in use ${issuer.settings.issuer}`);
  expect(text).toContain(`${polaris.publicUrl}/auth/oidc/callback`);
  expect(text).toContain("Google not set up GOOGLE_CLIENT_ID GOOGLE_CLIENT_SECRET");
  expect(text).toContain("Whoever has an address of the server's domains");
  expect(text).toContain("links to copy, not mailed");
  expect(body).not.toContain(issuer.settings.clientSecret ?? "no secret");
  expect(body).not.toContain("acme.example");
  expect((await priya.get("/app/settings/members")).body).not.toContain("GOOGLE_CLIENT_ID");
});

browserTest(
  "the members' page reads in both themes, at desk and on the phone (E6, J3)",
  async () => {
    await using polaris = await startPolaris();
    const krishna = await person(polaris.db, polaris.caller.org, "krishna", "admin");
    const browser = await launch();
    await using _ = { [Symbol.asyncDispose]: () => browser.close() };
    for (const look of LOOKS) {
      const page = await (await signedIn(browser, polaris.publicUrl, krishna, look)).newPage();
      await page.goto(`${polaris.publicUrl}/app/settings/members`);
      expect(await findings(page)).toEqual([]);
    }
  },
);
