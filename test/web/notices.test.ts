import { expect, test } from "bun:test";
import { until } from "../../src/lib/until.ts";
import type { AttentionAnswer } from "../../src/wire/attention.ts";
import { as, person } from "../helpers/people.ts";
import { startMachine, startPolaris } from "../helpers/polaris.ts";
import { chromiumPath, startBrowser } from "./browser.ts";
import { signedIn } from "./pages.ts";

test("what waits for somebody, and who names them, is told to them alone (E1, F5)", async () => {
  await using polaris = await startPolaris();
  const { db, caller } = polaris;
  const priya = as(polaris, await person(db, caller.org, "priya", "member"));
  const since = new Date(Date.now() - 60_000).toISOString();
  const ask = async (who: { get(path: string): Promise<{ body: string }> }) =>
    (JSON.parse((await who.get(`/attention?since=${since}`)).body) as AttentionAnswer).items;
  await polaris.post("/projects", { slug: "vault", visibility: "private" });
  const [shop, vault] = [startMachine({ project: "shop" }), startMachine({ project: "vault" })];
  await polaris.ingest([
    shop.head({ driver: "user:priya" }),
    shop.line({ text: "ask @priya about it, not priya2 nor priya" }),
    shop.line({ text: "priya without the sign" }),
    shop.line({
      kind: "permission.request",
      sender: "agent:claude",
      body: { name: "Bash", input: {} },
    }),
  ]);
  await polaris.ingest([
    vault.head({ driver: "user:priya" }),
    vault.line({ text: "@priya is not to know" }),
  ]);
  await until(async () => (await ask(priya)).length === 2);
  expect((await ask(priya)).map(({ kind, path }) => [kind, path])).toEqual([
    ["needs_human", "/app/p/shop/s/s-0001#e-3"],
    ["mention", "/app/p/shop/s/s-0001#e-1"],
  ]);
  expect((await polaris.json<AttentionAnswer>(`/attention?since=${since}`)).items).toEqual([]);
});

test.skipIf(!chromiumPath)(
  "a browser that was asked to tells its person, once (E1)",
  async () => {
    await using polaris = await startPolaris();
    const manu = await person(polaris.db, polaris.caller.org, "manu", "owner");
    await using browser = await startBrowser();
    await using context = await signedIn(browser, polaris.publicUrl, manu, {
      permissions: ["notifications"],
    });
    await context.addInitScript(() => {
      const shown: string[] = [];
      Object.assign(window, { shown });
      class Told {
        static permission = "granted";
        static requestPermission = async () => "granted";
        onclick: unknown;
        constructor(title: string) {
          shown.push(title);
        }
      }
      Object.assign(window, { Notification: Told });
    });
    const page = await context.newPage();
    await page.goto(`${polaris.publicUrl}/app/usage`);
    await page.locator("summary.button").click();
    await page.locator("[data-notices]").click();
    await until(
      async () => (await page.locator("[data-notices]").getAttribute("aria-pressed")) === "true",
    );
    const machine = startMachine({ project: "shop" });
    await polaris.ingest([
      machine.head(),
      machine.line({
        kind: "question.asked",
        sender: "agent:claude",
        text: "Which?",
        body: { callId: "q", questions: [] },
      }),
    ]);
    const shown = () => page.evaluate((): unknown => Reflect.get(window, "shown"));
    await until(async () => JSON.stringify(await shown()) === '["s-0001 needs a human"]', {
      timeoutMs: 15_000,
    });
    await Bun.sleep(6000); // the next look finds it waiting still, and says nothing
    expect(await shown()).toEqual(["s-0001 needs a human"]);
  },
  60_000,
);
