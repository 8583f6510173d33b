import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../src/lib/until.ts";
import { browserTest, openBrowser } from "../helpers/browser.ts";
import { type Github, startGithub } from "../helpers/github.ts";
import { as, type Person, person } from "../helpers/people.ts";
import { type Polaris, startPolaris } from "../helpers/polaris.ts";
import { type Recorder, startRecorder } from "../helpers/recorder.ts";

setDefaultTimeout(90_000);

let polaris: Polaris;
let krishna: Person;
let github: Github;
let recorder: Recorder;
/** The session's address on the server. */
let path: string;
let work: string;

/** A session of Claude Code in a repository on GitHub, with a commit made while it ran. */
beforeAll(async () => {
  github = await startGithub();
  polaris = await startPolaris();
  krishna = await person(polaris.db, polaris.caller.org, "krishna", "member");
  recorder = await startRecorder(polaris, undefined, {
    GITHUB_TOKEN: "ghp-of-manu",
    GITHUB_API_URL: github.url,
  });
  work = await recorder.linked("shop");
  git("init", "-q", "-b", "feat/retry");
  git("remote", "add", "origin", "git@github.com:manu/shop.git");
  const transcript = join(recorder.home, "talk.jsonl");
  writeFileSync(transcript, "");
  const about = { session_id: crypto.randomUUID(), cwd: work, transcript_path: transcript };
  await recorder.hook({ ...about, hook_event_name: "SessionStart", source: "startup" });
  git("commit", "-q", "--allow-empty", "-m", "feat: retry three times");
  await recorder.drained();
  const { items } = await polaris.json<{ items: { name: string }[] }>("/projects/shop/sessions");
  path = `/projects/shop/sessions/${items[0]?.name}`;
  await until(async () => (await kinds()).includes("code.commit"), { timeoutMs: 30_000 });
  await until(
    async () => (await polaris.json<{ items: unknown[] }>(`${path}/commits`)).items.length === 1,
    { timeoutMs: 30_000 },
  );
}, 90_000);
afterAll(async () => {
  await recorder?.[Symbol.asyncDispose]();
  await polaris?.[Symbol.asyncDispose]();
  await github?.[Symbol.asyncDispose]();
});

function git(...args: string[]): void {
  const name = { GIT_AUTHOR_NAME: "Manu", GIT_COMMITTER_NAME: "Manu" };
  const mail = { GIT_AUTHOR_EMAIL: "manu@example.com", GIT_COMMITTER_EMAIL: "manu@example.com" };
  const env = { PATH: process.env.PATH ?? "", HOME: recorder.home, ...name, ...mail };
  const done = Bun.spawnSync(["git", ...args], { cwd: work, env });
  if (done.exitCode !== 0) throw new Error(`git ${args.join(" ")}: ${done.stderr}`);
}

const kinds = async () => (await polaris.messages(path)).map(({ kind }) => kind);
const setPulls = (pullRequests: boolean) =>
  polaris.call("/projects/shop", { method: "PATCH", body: JSON.stringify({ pullRequests }) });

async function open(browser: Awaited<ReturnType<typeof openBrowser>>): Promise<void> {
  const [name = "", value = ""] = krishna.headers.cookie.split("=");
  await browser.page.context().addCookies([{ name, value, url: polaris.publicUrl }]);
  const [, , project, , session] = path.split("/");
  await browser.page.goto(`${polaris.publicUrl}/app/p/${project}/s/${session}`);
  await browser.page.locator("[data-live=live]").waitFor();
}

browserTest(
  "a button on the session's page has its own machine tell the pull request, and says so live (E7)",
  async () => {
    await using browser = await openBrowser({ viewport: { width: 1400, height: 900 } });
    const { page } = browser;
    await open(browser);
    const code = page.getByRole("region", { name: "Code" });
    await code.getByText("Commits").click();
    await code.getByText("feat: retry three times").waitFor();
    expect(
      await page.locator(".system", { hasText: /Commit [0-9a-f]{7} feat: retry/ }).count(),
    ).toBe(1);

    await code.getByRole("button", { name: "Tell its pull request" }).click();
    const link = code.getByRole("link", { name: `#${github.number} tells of it` });
    await link.waitFor({ timeout: 30_000 });
    const [comment, ...more] = await github.comments();
    expect(more).toEqual([]);
    expect(comment?.body).toContain(`${polaris.publicUrl}/app/p/shop/s/`);
    expect(await link.getAttribute("href")).toContain("#issuecomment-");
    await page.getByText("krishna asked to tell the pull request").waitFor();

    // Again: the same comment.
    await code.getByRole("button", { name: "Tell its pull request" }).click();
    await until(async () => (await kinds()).filter((kind) => kind === "pull.told").length === 2, {
      timeoutMs: 30_000,
    });
    expect((await github.comments()).map(({ id }) => id)).toEqual([comment?.id ?? 0]);
    expect(browser.complaints).toEqual([]);
  },
  90_000,
);

test("what GitHub refuses is told with its reason, and the act stands in the audit (E7, F6)", async () => {
  const body = JSON.stringify({ number: 99 });
  expect((await as(polaris, krishna).call(`${path}/pull`, { method: "POST", body })).status).toBe(
    202,
  );
  await until(async () => (await kinds()).includes("pull.failed"), { timeoutMs: 30_000 });
  const failed = (await polaris.messages(path)).find(({ kind }) => kind === "pull.failed");
  expect(failed?.body.reason).toContain("404");
  expect(JSON.stringify(failed)).not.toContain("ghp-of-manu");
  const { items } = await polaris.json<{
    items: { action: string; actor: string; detail: unknown }[];
  }>("/audit?limit=200");
  const row = items.find(
    ({ action, detail }) => action === "pull.asked" && JSON.stringify(detail) === body,
  );
  expect(row?.actor).toBe("user:krishna");
});

browserTest(
  "a project that tells no pull requests has no button, and refuses the wish (E7)",
  async () => {
    await setPulls(false);
    await using browser = await openBrowser({ viewport: { width: 1400, height: 900 } });
    await open(browser);
    expect(await browser.page.getByRole("button", { name: "Tell its pull request" }).count()).toBe(
      0,
    );
    const refused = await as(polaris, krishna).call(`${path}/pull`, { method: "POST", body: "{}" });
    expect(refused.status).toBe(403);
    await setPulls(true);
  },
);
