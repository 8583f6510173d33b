import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { ApiToken } from "../../src/core/api-tokens.ts";
import type { Device } from "../../src/core/devices.ts";
import type { Page } from "../../src/wire/session.ts";
import { browserTest, openBrowser } from "../helpers/browser.ts";
import { type Polaris, startPolaris } from "../helpers/polaris.ts";
import { codeOf, letIn, type Person, startPerson } from "./machine.ts";

let polaris: Polaris;
let manu: Person;
let krishna: Person;
let priya: Person;
beforeAll(async () => {
  polaris = await startPolaris();
  manu = await startPerson(polaris, { role: "owner" });
  krishna = await startPerson(polaris, { email: "krishna@example.com" });
  priya = await startPerson(polaris, { email: "priya@example.com", role: "viewer" });
});
afterAll(() => polaris[Symbol.asyncDispose]());

const list = async (who: Person, query = "") =>
  (await (await who.get(`/devices${query}`)).json()) as Page<Device>;

describe("devices (F3)", () => {
  test("each sees their own with last use and place, admins all, and one is this one", async () => {
    await letIn(polaris, krishna, "krishna's laptop");
    const mine = (await list(krishna)).items;
    expect(mine.map(({ name, kind, isThis }) => [name, kind, isThis])).toEqual([
      ["krishna's laptop", "machine", false],
      ["browser", "browser", true],
    ]);
    expect(mine[0]).toMatchObject({ participant: "user:krishna", lastAddress: "127.0.0.1" });
    expect((await krishna.get("/devices?all=true")).status).toBe(403);
    const all = (await list(manu, "?all=true&limit=2")) as Page<Device>;
    expect(all.items).toHaveLength(2);
    const rest = await list(manu, `?all=true&cursor=${all.next}`);
    expect([...all.items, ...rest.items].length).toBeGreaterThanOrEqual(4);
  });

  test("one is signed out by its owner or an admin, by nobody else; the others go on", async () => {
    const machine = await letIn(polaris, krishna, "old laptop");
    const other = await letIn(polaris, krishna, "new laptop");
    for (const id of [machine.device, crypto.randomUUID(), "no-id"]) {
      const response = await priya.send("DELETE", `/devices/${id}`);
      expect([400, 404]).toContain(response.status);
    }
    expect((await polaris.call("/me", { as: machine.access_token })).status).toBe(200);
    expect((await krishna.send("DELETE", `/devices/${machine.device}`)).status).toBe(200);
    expect((await polaris.call("/me", { as: machine.access_token })).status).toBe(401);
    expect((await polaris.call("/me", { as: other.access_token })).status).toBe(200);
    expect((await manu.send("DELETE", `/devices/${other.device}`)).status).toBe(200);
    expect((await polaris.call("/me", { as: other.access_token })).status).toBe(401);
    const acts = await polaris.database.admin`
      select actor, detail from audit where action = 'device.revoked' order by n`;
    expect(acts.map(({ actor }: { actor: string }) => actor)).toEqual([
      "user:krishna",
      "user:manu",
    ]);
  });

  test("signing out everywhere ends browsers and machines, this one too", async () => {
    const person = await startPerson(polaris, { email: "krishna@example.com" });
    const machine = await letIn(polaris, person);
    const response = await person.send("POST", "/auth/signout/everywhere");
    expect(response.status).toBe(303);
    expect((await person.get("/me")).status).toBe(401);
    expect((await polaris.call("/me", { as: machine.access_token })).status).toBe(401);
    const [act] = await polaris.database.admin`
      select actor from audit where action = 'device.all_revoked'`;
    expect(act).toEqual({ actor: "user:krishna" });
    krishna = await startPerson(polaris, { email: "krishna@example.com" });
  });
});

describe("tokens of scripts and agents (F4)", () => {
  const make = (who: Person, body: unknown) => who.send("POST", "/tokens", body);
  const made = async (response: Response) => {
    expect(response.status).toBe(201);
    return (await response.json()) as { id: string; token: string };
  };

  test("has the scopes it was given, its end, and an agent's name; its secret is shown once", async () => {
    const expiresAt = new Date(Date.now() + 3600_000).toISOString();
    const wish = { name: "ci", scopes: ["read"], expiresAt, participant: "agent:reviewer" };
    const { id, token } = await made(await make(krishna, wish));
    expect(await polaris.json("/me", { as: token })).toMatchObject({
      participant: "agent:reviewer",
      scopes: ["read"],
      kind: "api",
    });
    const body = JSON.stringify({ slug: "by-token" });
    expect((await polaris.call("/projects", { method: "POST", as: token, body })).status).toBe(403);
    const { items } = (await (await krishna.get("/tokens")).json()) as Page<ApiToken>;
    expect(items.find((item) => item.id === id)).toMatchObject({ name: "ci", expiresAt });
    expect(JSON.stringify(items)).not.toContain(token);
    expect((await krishna.send("DELETE", `/tokens/${id}`)).status).toBe(200);
    expect(await codeOf(await polaris.call("/me", { as: token }))).toBe("token_revoked");
  });

  test("one that is over says so", async () => {
    const { id, token } = await made(await make(krishna, { name: "short", scopes: ["read"] }));
    await polaris.database.admin`
      update api_tokens set expires_at = now() - interval '1 second' where id = ${id}`;
    expect(await codeOf(await polaris.call("/me", { as: token }))).toBe("token_expired");
  });

  test.each([
    ["more than one may oneself", { name: "x", scopes: ["read", "admin"] }, 403],
    ["in another person's name", { name: "x", scopes: ["read"], participant: "user:manu" }, 403],
    ["no scopes", { name: "x", scopes: [] }, 400],
    ["an unknown scope", { name: "x", scopes: ["root"] }, 400],
    ["no name", { name: " ", scopes: ["read"] }, 400],
    [
      "an end that has been",
      { name: "x", scopes: ["read"], expiresAt: "2020-01-01T00:00:00Z" },
      400,
    ],
  ])("%s is refused", async (_, body, status) => {
    expect((await make(krishna, body)).status).toBe(status);
  });

  test("a token makes no tokens, unless it is an admin's for that", async () => {
    const { token } = await made(await make(krishna, { name: "reader", scopes: ["read"] }));
    const body = JSON.stringify({ name: "child", scopes: ["read"] });
    expect((await polaris.call("/tokens", { method: "POST", as: token, body })).status).toBe(403);
    expect((await polaris.call("/tokens", { method: "POST", body })).status).toBe(201);
  });

  test("a token ends itself and nothing else of its person; a machine makes none", async () => {
    const { id, token } = await made(await make(krishna, { name: "script", scopes: ["read"] }));
    const other = await made(await make(krishna, { name: "other", scopes: ["read"] }));
    const machine = await letIn(polaris, krishna);
    const end = (path: string) => polaris.call(path, { method: "DELETE", as: token });
    expect((await end(`/devices/${machine.device}`)).status).toBe(403);
    expect((await end(`/tokens/${other.id}`)).status).toBe(403);
    expect((await end(`/tokens/${id}`)).status).toBe(200);
    expect(await codeOf(await polaris.call("/me", { as: token }))).toBe("token_revoked");
    const body = JSON.stringify({ name: "child", scopes: ["read"] });
    const child = { method: "POST", as: machine.access_token, body };
    expect((await polaris.call("/tokens", child)).status).toBe(403);
  });

  test("a demoted person's tokens lose what their owner lost, within a second", async () => {
    const person = await startPerson(polaris, { email: "member@example.com", role: "member" });
    const { token } = await made(
      await make(person, { name: "writer", scopes: ["read", "ingest"] }),
    );
    await polaris.database.admin`
      update memberships set role = 'viewer' where user_id = ${person.user.id}`;
    polaris.server.house.identify.forget();
    expect(await polaris.json("/me", { as: token })).toMatchObject({ scopes: ["read"] });
  });
});

browserTest(
  "F3: devices and tokens are managed on their pages, with and without scripts",
  async () => {
    for (const javaScriptEnabled of [true, false]) {
      await using browser = await openBrowser({ javaScriptEnabled });
      const { page } = browser;
      const person = await startPerson(polaris, { email: "krishna@example.com" });
      await letIn(polaris, person, "lost laptop");
      await page
        .context()
        .addCookies([{ name: "polaris_session", value: person.secret, url: polaris.url }]);
      await page.goto(`${polaris.url}/app/settings/devices`);
      await page.getByRole("button", { name: "Sign out lost laptop of krishna" }).click();
      await page.waitForURL("**/app/settings/devices");
      expect(await page.getByText("lost laptop").count()).toBe(0);

      await page.goto(`${polaris.url}/app/settings/tokens`);
      await page.getByLabel("Name").fill("from a page");
      await page.getByRole("button", { name: "Make the token" }).click();
      const secret = (await page.locator(".made code").textContent()) ?? "";
      expect(secret).toMatch(/^pol_a_/);
      expect(page.url()).not.toContain("pol_");
      expect(await polaris.json("/me", { as: secret })).toMatchObject({ scopes: ["read"] });
      expect(await page.getByRole("button", { name: "Copy token" }).isVisible()).toBe(
        javaScriptEnabled,
      );
      await page.goto(`${polaris.url}/app/settings/tokens`);
      expect(await page.content()).not.toContain(secret);
      await page.getByRole("button", { name: "Revoke from a page" }).click();
      await page.waitForURL("**/app/settings/tokens");
      expect((await polaris.call("/me", { as: secret })).status).toBe(401);
      expect(browser.complaints).toEqual([]);
    }
  },
);
