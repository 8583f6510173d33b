import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { until } from "../../src/lib/until.ts";
import { writeCredentials } from "../../src/machine/credentials.ts";
import { paths } from "../../src/machine/paths.ts";
import type { PullSummary, SessionCommit } from "../../src/wire/pull.ts";
import { program, start, world } from "../cli/program.ts";
import { type Github, startGithub } from "../helpers/github.ts";
import { as, type Person, person } from "../helpers/people.ts";
import { type Polaris, startMachine, startPolaris } from "../helpers/polaris.ts";

let polaris: Polaris;
let krishna: Person;
let github: Github;
const shop = startMachine({ project: "shop", name: "checkout" });
const vault = startMachine({ project: "vault", name: "hidden" });
const at = world();
const sha = (letter: string) => letter.repeat(40);
const REPOSITORY = "github.com/acme/shop";

const commit = (sha: string, more: Record<string, unknown> = {}) => ({
  kind: "code.commit",
  sender: "agent:claude",
  text: "feat: retry",
  body: { repository: REPOSITORY, sha, branch: "feat/retry", additions: 3, files: 1, ...more },
});

beforeAll(async () => {
  github = await startGithub();
  polaris = await startPolaris();
  krishna = await person(polaris.db, polaris.caller.org, "krishna", "member");
  await polaris.post("/projects", { slug: "vault", visibility: "private" });
  const [made = sha("0")] = github.shas;
  await polaris.ingest([
    shop.head(),
    shop.line({ text: "make it retry @everyone, closes #7 <img src=x> ![a](http://evil)" }),
    shop.line({
      kind: "tool.call",
      sender: "agent:claude",
      text: "x",
      body: { callId: "x", name: "Edit", kind: "edit", input: { file_path: "src/`retry`.ts" } },
    }),
    shop.line({
      kind: "usage",
      sender: "agent:claude",
      body: { model: "claude-opus-4-1", costUsd: 1.25 },
    }),
    shop.line(commit(made)),
    shop.line(commit(sha("a"), { patch: sha("1") })),
    shop.line(commit(sha("b"), { patch: sha("1") })),
    shop.line(commit(sha("c"), { replaces: [sha("b")] })),
  ]);
  await polaris.ingest([
    vault.head(),
    vault.line({ text: "hidden plan" }),
    vault.line(commit(sha("d"), { branch: "secret" })),
  ]);
  await until(async () => (await commits()).length === 4);
  await until(async () => (await summary({ shas: [sha("d")] })).sessions.length === 1);
  const { url, token } = polaris;
  const profile = { url, token, participant: "user:manu" };
  writeCredentials(paths(at.polarisHome).credentials, { current: "t", profiles: { t: profile } });
}, 30_000);
afterAll(async () => {
  at[Symbol.dispose]();
  await polaris?.[Symbol.asyncDispose]();
  await github?.[Symbol.asyncDispose]();
});

const commits = async () =>
  (await polaris.json<{ items: SessionCommit[] }>("/projects/shop/sessions/checkout/commits"))
    .items;
async function summary(
  asked: object,
  caller: { call: Polaris["call"] } = polaris,
): Promise<PullSummary> {
  const body = JSON.stringify({ repository: REPOSITORY, shas: [], ...asked });
  return (await (
    await caller.call("/pulls/summary", { method: "POST", body })
  ).json()) as PullSummary;
}

describe("a session knows its commits (E7)", () => {
  test("through a rebase by their change, through an amend by what they replace", async () => {
    const moved = new Map((await commits()).map(({ sha, movedTo }) => [sha, movedTo]));
    expect(moved.get(sha("a"))).toBe(sha("b"));
    expect(moved.get(sha("b"))).toBe(sha("c"));
    expect(moved.get(sha("c"))).toBe(null);
  });

  test("a pull request finds its sessions by commit, by change, else by branch", async () => {
    const by = async (asked: object) =>
      (await summary(asked)).sessions.map(({ name, by }) => [name, by]);
    expect(await by({ shas: [sha("c")] })).toEqual([["checkout", "commit"]]);
    expect(await by({ shas: [sha("e")], patches: [sha("1")] })).toEqual([["checkout", "patch"]]);
    expect(await by({ shas: [sha("e")], branch: "feat/retry" })).toEqual([["checkout", "branch"]]);
    expect(await by({ shas: [sha("e")], branch: "other" })).toEqual([]);
  });

  test("nothing of a private project is told to who is no member", async () => {
    const other = as(polaris, krishna);
    expect((await summary({ shas: [sha("d")] }, other)).sessions).toEqual([]);
    expect((await summary({ branch: "secret" }, other)).markdown).toBe("");
  });
});

describe("polaris pr tells the pull request (E7)", () => {
  const env = () => ({ ...at.env, GITHUB_TOKEN: "ghp-of-manu", GITHUB_API_URL: github.url });
  const address = () => `https://github.com/manu/shop/pull/${github.number}`;
  const pr = (...args: string[]) => start([...program, "pr", ...args], env());

  test("as one comment, updated in place, in which nobody is called and nothing is closed", async () => {
    const first = await pr(address());
    expect([first.code, first.err]).toEqual([0, ""]);
    const [comment] = await github.comments();
    expect(comment?.body).toContain(`${polaris.publicUrl}/app/p/shop/s/checkout`);
    expect(comment?.body).toContain("$1.25");
    expect(comment?.body).toContain("`` src/`retry`.ts ``");
    expect(comment?.body).not.toMatch(/@everyone|(?<!\\)#7|(?<!\\)<img|(?<!\\)!\[/);
    await polaris.ingest([shop.head(), shop.line({ text: "and again" })]);
    await until(async () => (await summary({ shas: github.shas })).markdown.includes("2 prompts"));
    const second = await pr(address(), "--json");
    expect(JSON.parse(second.out)).toMatchObject({ isNew: false });
    const comments = await github.comments();
    expect(comments.map(({ id }) => id)).toEqual([comment?.id ?? 0]);
    expect(comments[0]?.body).toContain("2 prompts");
  });

  test("not when the project says so, and it says why", async () => {
    const set = (pullRequests: boolean) =>
      polaris.call("/projects/shop", { method: "PATCH", body: JSON.stringify({ pullRequests }) });
    expect((await set(false)).status).toBe(200);
    const refused = await pr(address());
    expect([refused.code, refused.err]).toEqual([
      1,
      expect.stringContaining("No session is known"),
    ]);
    await set(true);
    const shown = await pr(address(), "--print");
    expect(shown.out).toContain("checkout");
  });

  test("says what is missing: a token, a pull request", async () => {
    const { GITHUB_TOKEN: _, ...without } = env();
    const nobody = await start([...program, "pr", address()], { ...without, PATH: "/nowhere" });
    expect([nobody.code, nobody.err]).toEqual([2, expect.stringContaining("GITHUB_TOKEN")]);
    const absent = await pr("https://github.com/manu/shop/pull/99");
    expect([absent.code, absent.err]).toEqual([1, expect.stringContaining("404")]);
  });
});
