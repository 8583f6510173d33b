import { expect, setDefaultTimeout } from "bun:test";
import type { Page } from "playwright-core";
import { admit, userOf } from "../../src/core/people.ts";
import { until } from "../../src/lib/until.ts";
import type { Found } from "../../src/wire/search.ts";
import type { WebhookMessage } from "../../src/wire/webhook.ts";
import { browserTest, openBrowser } from "../helpers/browser.ts";
import { as, type Person, person } from "../helpers/people.ts";
import { type Polaris, startMachine, startPolaris } from "../helpers/polaris.ts";
import { CORPUS } from "./evil.ts";

setDefaultTimeout(120_000);

/** Every way to smuggle markup as prompt, title, branch, tool, file, model and commit of one session. */
async function playSession(polaris: Polaris): Promise<void> {
  const machine = startMachine({ project: "evil", name: "s-0001" });
  const lines = CORPUS.flatMap((evil, at) => {
    const agent = { sender: "agent:claude" };
    const input = { file_path: evil, command: evil };
    const call = { callId: `c${at}`, name: evil, kind: evil, input };
    const counts = { model: evil, inputTokens: 12, costUsd: 0.25 };
    const commit = {
      ...{ repository: evil, sha: String(at).padStart(40, "0"), branch: evil, subject: evil },
      ...{ additions: 1, deletions: 1, files: 1 },
    };
    return [
      machine.line({ text: `needle ${evil}`, body: { origin: "user", branch: evil, cwd: evil } }),
      machine.line({ kind: "session.title", text: evil }),
      machine.line({ ...agent, kind: "tool.call", text: `needle ${evil}`, body: call }),
      machine.line({ ...agent, kind: "code.commit", text: evil, body: commit }),
      machine.line({ ...agent, kind: "pull.told", body: { url: evil, number: 1 } }),
      machine.line({ ...agent, kind: "pull.failed", body: { reason: evil } }),
      machine.line({ ...agent, kind: "usage", body: counts }),
    ];
  });
  await polaris.ingest([machine.head({ branch: CORPUS[3] }), ...lines]);
  await until(
    async () => (await polaris.json<Found>("/search?q=needle&limit=50")).items.length > 20,
    { timeoutMs: 20_000 },
  );
}

/** What admins, members and foreign servers write on the pages of the settings. */
async function playSettings(polaris: Polaris, owner: Person) {
  const { db, caller } = polaris;
  const mine = as(polaris, owner);
  const form = (path: string, fields: Record<string, string>) =>
    mine.call(path, { method: "POST", body: new URLSearchParams(fields) });
  const receiver = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => new Response(CORPUS.join("\n"), { status: 500 }),
  });
  for (const [at, evil] of CORPUS.entries()) {
    const words = [evil.slice(0, 60)];
    const agent = { name: `a${at}`, display: evil.slice(0, 80), description: evil };
    await mine.send("POST", "/orgs/agents", { ...agent, skills: words, tags: words });
    await form("/app/settings/tokens", { name: evil.slice(0, 60), days: "30", scope: "read" });
    const user = await userOf(db, { email: `evil${at}@example.com`, name: evil });
    await db.as(caller.org, (tx) => admit(tx, caller.org, user, "member"));
    await polaris.database.admin`
      insert into devices (id, org_id, user_id, kind, name)
      values (${crypto.randomUUID()}, ${owner.org}, ${owner.user}, 'machine', ${evil})`;
  }
  const url = `${receiver.url}"><img src=x onerror=window.pwned=1>`;
  const made = (await (await mine.send("POST", "/webhooks", { url, kinds: ["*"] })).json()) as {
    id: string;
  };
  await mine.send("POST", `/webhooks/${made.id}/test`);
  await until(async () => {
    const log = await polaris.json<{ items: WebhookMessage[] }>(`/webhooks/${made.id}/messages`);
    return log.items[0]?.status === 500;
  });
  return { webhook: made.id, [Symbol.asyncDispose]: () => receiver.stop(true) };
}

const look = (page: Page) =>
  page.evaluate(() => ({
    pwned: "pwned" in window,
    elements: document.querySelectorAll(
      "body :is(script:not(#data), iframe, object, embed, style, link, base, meta, math, img)",
    ).length,
    handlers: [...document.querySelectorAll("*")].filter((element) =>
      element.getAttributeNames().some((each) => /^on|^style$/.test(each)),
    ).length,
    protocols: [...document.querySelectorAll("a")]
      .map((link) => link.protocol)
      .filter((protocol) => !["http:", "https:", "mailto:"].includes(protocol)),
  }));

browserTest(
  "nothing written anywhere runs on search, usage, sharing and the settings (E5, E6, E8, E9)",
  async () => {
    await using polaris = await startPolaris();
    const owner = await person(polaris.db, polaris.caller.org, "krishna", "owner");
    await playSession(polaris);
    await using settings = await playSettings(polaris, owner);
    await using open = await openBrowser({ viewport: { width: 1280, height: 900 } });
    const { page, complaints } = open;
    const [name = "", value = ""] = owner.headers.cookie.split("=");
    await page.context().addCookies([{ name, value, url: polaris.publicUrl }]);
    const outside: string[] = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(polaris.publicUrl)) outside.push(request.url());
    });
    const q = (text: string) => new URLSearchParams({ q: text });
    const paths: [path: string, says: string | null][] = [
      ["/app/search?q=needle", "onerror"],
      ...CORPUS.map((evil): [string, null] => [`/app/search?${q(evil)}`, null]),
      ...CORPUS.slice(0, 5).map((evil): [string, null] => [
        `/app/search?${q("needle")}&${new URLSearchParams({ project: evil, by: evil, tool: evil, file: evil, branch: evil })}`,
        null,
      ]),
      ["/app/usage", "onerror"],
      ["/app/p/evil/s/s-0001", "onerror"],
      ["/app/p/evil/s/s-0001/share", null],
      ["/app/settings/agents", "onerror"],
      ["/app/settings/tokens", "onerror"],
      ["/app/settings/devices", "onerror"],
      ["/app/settings/members", "onerror"],
      [`/app/settings/webhooks?of=${settings.webhook}`, "onerror"],
    ];
    for (const [path, says] of paths) {
      await page.goto(polaris.publicUrl + path);
      const live = page.locator("[data-live]");
      if (await live.count()) await page.locator("[data-live=live]").waitFor();
      if (says)
        expect([path, await page.locator("body").textContent()]).toEqual([
          path,
          expect.stringContaining(says),
        ]);
      expect({ path, ...(await look(page)) }).toEqual({
        ...{ path, pwned: false, elements: 0, handlers: 0, protocols: [] },
      });
    }
    // What is found while one types is drawn by the browser itself.
    await page.goto(`${polaris.publicUrl}/app/search`);
    await page.fill("#q", "needle");
    await page.locator(".hit").first().waitFor();
    expect(await look(page)).toMatchObject({ pwned: false, elements: 0, handlers: 0 });
    expect(outside).toEqual([]);
    expect(complaints.filter((each) => !/status of 4\d\d/.test(each))).toEqual([]);
  },
  120_000,
);
