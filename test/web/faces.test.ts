import { expect } from "bun:test";
import { browserTest, launch } from "../helpers/browser.ts";
import { person } from "../helpers/people.ts";
import { startMachine, startPolaris } from "../helpers/polaris.ts";
import { findings, signedIn } from "./pages.ts";

/** A picture of one pixel. */
const PIXEL = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");

browserTest(
  "the browser loads an agent's picture from the registry, live as well, and no other (H2)",
  async () => {
    await using polaris = await startPolaris();
    const manu = await person(polaris.db, polaris.caller.org, "manu", "owner");
    const icon = "https://pictures.example/dean;1.gif";
    await polaris.post("/orgs/agents", { name: "dean", display: "Dean", icon });
    const browser = await launch();
    await using _ = { [Symbol.asyncDispose]: () => browser.close() };
    const context = await signedIn(browser, polaris.publicUrl, manu);
    const page = await context.newPage();
    await page.route("https://pictures.example/**", (route) =>
      route.fulfill({ contentType: "image/gif", body: PIXEL }),
    );
    await page.goto(`${polaris.publicUrl}/app`);
    // The session begins while the page is open.
    const machine = startMachine({ project: "etl", name: "s-0001" });
    const head = machine.head({ agent: "agent:dean.snowflake" });
    await polaris.ingest([head, machine.line({ text: "begin" })]);
    const row = page.locator(".lineup-row");
    await row.getByText("Dean").waitFor();
    const drawn = (address: string) =>
      page.evaluate(async (src) => {
        const image = new Image();
        image.src = src;
        return image.decode().then(
          () => true,
          () => false,
        );
      }, address);
    expect(await row.locator("img.picture").getAttribute("src")).toBe(icon);
    expect(await drawn(icon)).toBe(true);
    expect(await drawn("https://pictures.example/other.gif")).toBe(false);
    expect(await findings(page)).toEqual([]);
  },
);
