import { expect, setDefaultTimeout } from "bun:test";
import type { Page } from "playwright-core";
import { until } from "../../src/lib/until.ts";
import { browserTest, openBrowser } from "../helpers/browser.ts";
import { type Person, person } from "../helpers/people.ts";
import { type Polaris, startMachine, startPolaris } from "../helpers/polaris.ts";

setDefaultTimeout(60_000);

async function openAs(polaris: Polaris, who: Person) {
  const open = await openBrowser({ viewport: { width: 1280, height: 900 } });
  const [name = "", value = ""] = who.headers.cookie.split("=");
  await open.page.context().addCookies([{ name, value, url: polaris.publicUrl }]);
  return open;
}

const settle = (page: Page) => page.waitForLoadState("load");
async function press(page: Page, button: string): Promise<void> {
  await page.getByRole("button", { name: button, exact: true }).click();
  await settle(page);
}

browserTest("a project is made, named, tagged and shut by its people (E3)", async () => {
  await using polaris = await startPolaris();
  const { db, caller } = polaris;
  const krishna = await person(db, caller.org, "krishna", "member");
  const priya = await person(db, caller.org, "priya", "member");
  await using open = await openAs(polaris, krishna);
  const { page } = open;
  const home = `${polaris.publicUrl}/app/projects`;
  await page.goto(home);
  await page.getByText("New project").click();
  await page.getByLabel("Its name in addresses and commands").fill("checkout");
  await press(page, "Make it");
  expect(new URL(page.url()).pathname).toBe("/app/p/checkout");
  expect(await page.locator("code").first().textContent()).toBe("polaris link checkout");

  await page.getByRole("main").getByRole("link", { name: "Settings" }).click();
  await settle(page);
  await page.getByLabel("Name", { exact: true }).fill("Checkout & <b>payments</b>");
  await page.getByLabel("Tags").fill("Web, payments, web");
  await press(page, "Save");
  expect(await page.locator("h1").textContent()).toBe("Checkout & <b>payments</b>");
  expect(await page.getByLabel("Tags").inputValue()).toBe("payments, web");

  await page.getByLabel("Who sees it").selectOption("private");
  await page.getByRole("button", { name: "Change" }).first().click();
  await settle(page);
  const look = async (who: Person) =>
    (await polaris.call("/projects/checkout", { as: null, headers: who.headers })).status;
  expect([await look(krishna), await look(priya)]).toEqual([200, 404]);
  await page.getByLabel("Whom to add").selectOption(priya.participant);
  await press(page, "Add");
  expect(await look(priya)).toBe(200);
  await press(page, "Remove priya");
  expect(await look(priya)).toBe(404);

  await page.getByLabel("How long it is kept").selectOption("90");
  await page.getByRole("button", { name: "Change" }).last().click();
  await settle(page);
  const kept = await polaris.json<{ retentionDays: number }>("/projects/checkout", {
    as: null,
    headers: krishna.headers,
  });
  expect(kept.retentionDays).toBe(90);
  await page.goto(`${home}?tag=web`);
  expect(await page.locator(".row-link").allTextContents()).toEqual(["checkout"]);
  await page.goto(`${home}?tag=nothing`);
  expect(await page.locator(".row-link").count()).toBe(0);
  const audit = await polaris.database
    .admin`select action from audit where target = 'checkout' order by n`;
  expect(audit.map(({ action }: { action: string }) => action)).toEqual([
    "project.renamed",
    "project.tagged",
    "project.visibility",
    "project.member_added",
    "project.member_removed",
    "project.retention",
  ]);
  // A member of the organisation deletes nothing.
  await page.goto(`${polaris.publicUrl}/app/p/checkout/settings`);
  expect(await page.getByText("Delete for ever").count()).toBe(0);
  expect(open.complaints).toEqual([]);
});

browserTest(
  "a project put aside takes nothing until it is taken back, and nothing is lost (E3)",
  async () => {
    await using polaris = await startPolaris();
    const krishna = await person(polaris.db, polaris.caller.org, "krishna", "admin");
    const machine = startMachine({ project: "checkout", name: "s-0001" });
    await polaris.ingest([machine.head(), machine.line()]);
    await using open = await openAs(polaris, krishna);
    const { page } = open;
    await page.goto(`${polaris.publicUrl}/app/p/checkout/settings`);
    await press(page, "Archive");
    await page.getByText("Put aside on").waitFor();
    const line = machine.line({ text: "meanwhile" });
    const away = await polaris.ingest([machine.head(), line]);
    expect(away.answer.blocked.map(({ code }) => code)).toEqual(["not_found"]);
    await page.goto(`${polaris.publicUrl}/app/projects`);
    expect(await page.locator(".row-link").count()).toBe(0);
    await page.getByText("Archived projects").click();
    await page.locator(".row-link", { hasText: "checkout" }).click();
    await settle(page);
    await press(page, "Take back");
    const back = await polaris.ingest([machine.head(), line]);
    expect(back.answer).toMatchObject({ blocked: [], stored: 1 });
  },
);

browserTest(
  "a project is deleted only by its typed name, whole, and does not come back by itself (E3)",
  async () => {
    await using polaris = await startPolaris();
    const krishna = await person(polaris.db, polaris.caller.org, "krishna", "owner");
    const machine = startMachine({ project: "checkout", name: "s-0001" });
    await polaris.ingest([machine.head(), machine.line({ text: "needle" }), machine.line()]);
    const search = () => polaris.json<{ items: unknown[] }>("/search?project=checkout&q=needle");
    await until(async () => (await search()).items.length === 1);
    const { id } = await polaris.json<{ id: string }>("/projects/checkout");
    await using open = await openAs(polaris, krishna);
    const { page } = open;
    const address = `${polaris.publicUrl}/app/p/checkout`;
    const context = await open.browser.newContext();
    await context.addCookies(await page.context().cookies());
    const watching = await context.newPage();
    await watching.goto(address);
    await watching.locator("[data-live=live]").waitFor();

    await page.goto(`${address}/settings`);
    expect(await page.locator(".danger").textContent()).toContain("1 session, 2 prompts, 2 events");
    await page.getByLabel("Type checkout").fill("chekout");
    await press(page, "Delete for ever");
    expect(await page.getByRole("alert").textContent()).toContain("nothing was deleted");
    await page.getByLabel("Type checkout").fill("checkout");
    await press(page, "Delete for ever");
    expect(new URL(page.url()).pathname).toBe("/app/projects");
    await until(
      async () => (await watching.locator("[data-live]").getAttribute("data-live")) === "stopped",
    );

    // Nothing of it is left in any table but its stone.
    const tables: { name: string }[] = await polaris.database.admin`
    select table_name as name from information_schema.columns
    where table_schema = 'public' and column_name = 'project_id'`;
    expect(tables.length).toBeGreaterThan(5);
    for (const { name } of tables) {
      const rows = await polaris.database.admin`
      select 1 from ${polaris.database.admin(name)} where project_id = ${id}`;
      expect([name, rows.length]).toEqual([name, 0]);
    }
    const [row] = await polaris.database.admin`
    select actor, detail from audit where action = 'project.deleted'`;
    expect(row).toMatchObject({ actor: krishna.participant, detail: { sessions: 1, events: 2 } });

    // A machine that is still linked does not bring it back; a person does.
    const more = machine.line({ text: "afterwards" });
    expect((await polaris.ingest([machine.head(), more])).answer.blocked).toHaveLength(1);
    expect((await polaris.call("/projects/checkout")).status).toBe(404);
    expect((await polaris.post("/projects", { slug: "checkout" })).status).toBe(201);
    expect((await polaris.ingest([machine.head(), more])).answer).toMatchObject({
      blocked: [],
      stored: 1,
    });
  },
);
