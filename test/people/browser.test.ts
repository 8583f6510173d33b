import { expect } from "bun:test";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { browserTest, openBrowser } from "../helpers/browser.ts";
import { type Account, startIssuer } from "../helpers/issuer.ts";
import { startPolaris } from "../helpers/polaris.ts";
import { freePort } from "../helpers/port.ts";

declare global {
  interface Window {
    axe: typeof axe;
  }
}

const accounts: Record<string, Account> = {
  manu: { email: "manu@example.com", email_verified: true, name: "Manu" },
  priya: { email: "priya@acme.example", email_verified: true, name: "Priya" },
  stranger: { email: "stranger@evil.example", email_verified: true },
};

async function startWorld() {
  const port = await freePort();
  await using stack = new AsyncDisposableStack();
  const issuer = stack.use(
    await startIssuer(`http://localhost:${port}/auth/oidc/callback`, accounts),
  );
  const polaris = stack.use(
    await startPolaris({ port, entrance: { providers: [issuer.settings] } }),
  );
  const owned = stack.move();
  return { polaris, issuer, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** On the issuer's own pages: who one is, then consent. */
async function consent(page: Page, login: string) {
  await page.getByPlaceholder("Enter any login").fill(login);
  await page.getByPlaceholder("and password").fill("x");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
}

/** What axe finds on the page, at desk and phone width, and whether it scrolls sideways. */
async function findings(page: Page) {
  const found: unknown[] = [];
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 800 });
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate(async () => await window.axe.run());
    found.push(...violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]));
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    if (wide > width) found.push(["scrolls sideways", width, wide]);
  }
  return { at: page.url(), found };
}
const clean = (page: Page) => ({ at: page.url(), found: [] });

browserTest(
  "a person signs in, invites a second one, who signs in, is made an admin, and both sign out (F1, F5)",
  async () => {
    await using world = await startWorld();
    const { publicUrl } = world.polaris;
    await using first = await openBrowser({ bypassCSP: true });
    const { page } = first;
    await page.goto(`${publicUrl}/app/settings/members`);
    expect(await findings(page)).toEqual(clean(page));
    await page.getByRole("link", { name: "Continue with Acme" }).click();
    await consent(page, "manu");
    await page.waitForURL(`${publicUrl}/app/settings/members`);
    await page.getByRole("textbox", { name: "Email" }).fill("priya@acme.example");
    await page.getByRole("button", { name: "Make a link" }).click();
    const link = (await page.locator(".fresh code").textContent()) ?? "";
    expect(await findings(page)).toEqual(clean(page));
    for (const tab of ["Tokens", "Devices"]) {
      await page.getByLabel("Settings").getByRole("link", { name: tab }).click();
      await page.getByRole("heading", { name: tab, exact: true }).waitFor();
      expect(await findings(page)).toEqual(clean(page));
    }
    await page.getByRole("link", { name: "Type the code that a machine shows" }).click();
    expect(await findings(page)).toEqual(clean(page));

    // The second person's browser runs no scripts at all.
    await using second = await openBrowser({ javaScriptEnabled: false });
    await second.page.goto(link);
    expect(await second.page.getByRole("heading").textContent()).toBe("Join Home");
    await second.page.getByRole("link", { name: "Continue with Acme" }).click();
    await consent(second.page, "priya");
    await second.page.waitForURL(`${publicUrl}/app`);

    await page.goto(`${publicUrl}/app/settings/members`);
    const row = page.getByRole("row", { name: /Priya/ });
    await row.getByLabel("Role of priya").selectOption("admin");
    await row.getByRole("button", { name: "Set" }).click();
    await row.getByRole("cell", { name: "admin", exact: true }).waitFor();

    await second.page.goto(`${publicUrl}/app/settings/members`);
    await second.page.locator(".menu summary").click();
    await second.page.getByRole("button", { name: "Sign out", exact: true }).click();
    await second.page.goto(`${publicUrl}/app`);
    expect(second.page.url()).toContain("/sign-in");
    await row.getByRole("button", { name: "Remove" }).click();
    await row.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Leave Home" }).click();
    await page.getByRole("alert").getByText("at least one owner").waitFor();
  },
  60_000,
);

browserTest(
  "who says no at the provider, or was not asked in, gets a page that says what to do",
  async () => {
    await using world = await startWorld();
    const { publicUrl } = world.polaris;
    await using browser = await openBrowser({ bypassCSP: true });
    const { page } = browser;
    await page.goto(`${publicUrl}/sign-in`);
    await page.getByRole("link", { name: "Continue with Acme" }).click();
    await page.getByRole("link", { name: "Cancel" }).click();
    await page.getByRole("heading", { name: "Sign-in cancelled" }).waitFor();
    expect(await findings(page)).toEqual(clean(page));
    await page.getByRole("link", { name: "Sign in again" }).click();
    await page.getByRole("link", { name: "Continue with Acme" }).click();
    await consent(page, "stranger");
    await page.getByRole("heading", { name: "You are not invited yet" }).waitFor();
    expect(await findings(page)).toEqual(clean(page));
    expect(await page.context().cookies(publicUrl)).not.toContainEqual(
      expect.objectContaining({ name: "polaris_session" }),
    );
  },
  60_000,
);
