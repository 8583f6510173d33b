import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { Glob } from "bun";
import { note } from "../../src/core/audit.ts";
import { DEEDS } from "../../src/web/parts/deeds.ts";
import type { AuditChain, AuditRow } from "../../src/wire/audit.ts";
import { browserTest, launch } from "../helpers/browser.ts";
import { as, person } from "../helpers/people.ts";
import { type Polaris, startPolaris } from "../helpers/polaris.ts";
import { findings, LOOKS, signedIn } from "./pages.ts";

setDefaultTimeout(60_000);

/** Sixty acts, of which the last are those that somebody would look for. */
async function past(polaris: Polaris) {
  const { db, caller } = polaris;
  const krishna = await person(db, caller.org, "krishna", "admin");
  const priya = await person(db, caller.org, "priya", "member");
  await polaris.post("/projects", { slug: "checkout" });
  for (let n = 0; n < 60; n++) {
    await db.as(caller.org, (tx) =>
      note(tx, { org: caller.org, actor: "user:manu", action: "project.tagged", target: `p-${n}` }),
    );
  }
  const change = { retentionDays: 90, name: '=HYPERLINK("<b>x</b>")' };
  await as(polaris, krishna).send("PATCH", "/projects/checkout", change);
  return { krishna, priya };
}

browserTest(
  "an admin reads who did what, page by page and by who, what and since (E6)",
  async () => {
    await using polaris = await startPolaris();
    const { krishna } = await past(polaris);
    const browser = await launch();
    await using _ = { [Symbol.asyncDispose]: () => browser.close() };
    const context = await signedIn(browser, polaris.publicUrl, krishna);
    const page = await context.newPage();
    await page.goto(`${polaris.publicUrl}/app/settings/members`);
    await page.getByRole("navigation", { name: "Settings" }).getByText("Audit").click();
    await page.waitForURL("**/app/settings/audit");
    const rows = page.locator(".audit-rows tbody tr");
    expect(await rows.count()).toBe(50);
    const first = rows.first();
    expect(await first.textContent()).toContain("changed how long it is kept");
    expect(await first.textContent()).toContain("none → 90");
    expect(await rows.nth(1).textContent()).toContain('checkout → =HYPERLINK("<b>x</b>")');
    const seen = await rows.locator("td .dim:text-matches('^#')").allTextContents();
    await page.getByRole("link", { name: "Older" }).click();
    await page.waitForURL("**before=**");
    const rest = await rows.locator("td .dim:text-matches('^#')").allTextContents();
    const numbers = [...seen, ...rest].map((text) => Number(text.slice(1)));
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, n) => numbers.length - n));

    await page.locator("[name=actor]").fill("user:krishna");
    await page.locator("[name=action]").selectOption("project");
    await page.getByRole("button", { name: "Show" }).click();
    await page.waitForURL("**actor=**");
    expect(await rows.count()).toBe(2);
    const today = new Date().toISOString().slice(0, 10);
    await page.getByLabel("Since").fill(today);
    await page.getByRole("button", { name: "Show" }).click();
    await page.waitForURL(`**since=${today}**`);
    expect(await rows.count()).toBe(2);
    await page.getByLabel("Since").fill("2100-01-01");
    await page.getByRole("button", { name: "Show" }).click();
    await page.getByText("Nothing like that was done.").waitFor();
    await page.getByRole("link", { name: "Show everything" }).click();
    await page.getByRole("link", { name: "Older" }).waitFor();
    expect(await rows.count()).toBe(50);

    const target = page.getByRole("link", { name: "checkout", exact: true }).first();
    expect(await target.getAttribute("href")).toBe("/app/p/checkout");
  },
);

browserTest("Verify says whether the chain is whole, and which row is not (E6, F6)", async () => {
  await using polaris = await startPolaris();
  const { krishna } = await past(polaris);
  const browser = await launch();
  await using _ = { [Symbol.asyncDispose]: () => browser.close() };
  const context = await signedIn(browser, polaris.publicUrl, krishna);
  const page = await context.newPage();
  await page.goto(`${polaris.publicUrl}/app/settings/audit`);
  await page.getByRole("button", { name: "Verify" }).click();
  const verdict = page.getByRole("status", { name: "The chain" });
  const chain = await polaris.json<AuditChain>("/audit/chain");
  expect(chain).toMatchObject({ org: "home", broken: null });
  expect(await verdict.textContent()).toContain(`The chain is whole: ${chain.rows} rows`);
  expect(await verdict.textContent()).toContain(chain.head ?? "no head");
  await polaris.database.admin.begin(async (tx) => {
    await tx`alter table audit disable trigger audit_keep`;
    await tx`update audit set actor = 'user:priya' where n = 12`;
    await tx`alter table audit enable trigger audit_keep`;
  });
  await page.getByRole("button", { name: "Verify" }).click();
  expect(await page.getByRole("alert").textContent()).toContain("Row 12 was changed");
});

browserTest("the audit reads in both themes, at desk and on the phone (E6, J3)", async () => {
  await using polaris = await startPolaris();
  const { krishna, priya } = await past(polaris);
  const browser = await launch();
  await using _ = { [Symbol.asyncDispose]: () => browser.close() };
  for (const look of LOOKS) {
    for (const who of [krishna, priya]) {
      const context = await signedIn(browser, polaris.publicUrl, who, look);
      const page = await context.newPage();
      await page.goto(`${polaris.publicUrl}/app/settings/audit`);
      expect(await findings(page)).toEqual([]);
      await context.close();
    }
  }
});

test("every act that is written down has words on the page (E6)", async () => {
  const src = join(import.meta.dir, "../../src");
  const acts = new Set<string>();
  for await (const file of new Glob("{core,server}/**/*.ts").scan(src)) {
    const text = await Bun.file(join(src, file)).text();
    for (const [, act = ""] of text.matchAll(/action: "(\w+\.\w+)"/g)) acts.add(act);
  }
  expect(acts.size).toBeGreaterThan(30);
  expect([...acts].filter((act) => !(act in DEEDS))).toEqual([]);
});

test("members are told that the audit is not theirs; its files neither (E6)", async () => {
  await using polaris = await startPolaris();
  const { priya } = await past(polaris);
  const page = await as(polaris, priya).get("/app/settings/audit");
  expect(page.status).toBe(403);
  expect(page.body).toContain("Owners and admins read the audit.");
  expect(page.body).not.toContain("p-59");
  expect((await as(polaris, priya).get("/audit/export")).status).toBe(403);
  expect((await as(polaris, priya).get("/audit/chain")).status).toBe(403);
});

test("the audit leaves as a file, whole and as filtered, and that is written down (E6)", async () => {
  await using polaris = await startPolaris();
  const { krishna } = await past(polaris);
  const mine = as(polaris, krishna);
  const lines = (await mine.get("/audit/export?format=jsonl")).body.trim().split("\n");
  const rows = lines.map((line) => JSON.parse(line) as AuditRow);
  expect(rows[0]).toMatchObject({ actor: "user:krishna", action: "audit.exported" });
  expect(rows.map(({ n }) => n)).toEqual(Array.from(rows, (_, at) => rows.length - at));
  expect(rows[0]?.hash).toBe((await polaris.json<AuditChain>("/audit/chain")).head ?? "");
  const filtered = "/audit/export?format=csv&actor=user:krishna&action=project.renamed&since=";
  const table = await mine.get(filtered);
  const [head, row, ...none] = table.body.trim().split("\r\n");
  expect(head).toBe("n,at,actor,action,target,detail,address,hash");
  expect(row).toContain("user:krishna,project.renamed,checkout,");
  // A detail is JSON in a cell: it begins with a brace, never with what a spreadsheet takes for a formula.
  expect(row).toContain('""from"":""checkout""');
  expect(row).toContain(',"{""');
  expect(none).toEqual([]);
  const wrong = await mine.get("/audit/export?since=yesterday");
  expect(wrong.status).toBe(400);
});
