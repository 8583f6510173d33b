import { afterAll, expect, test } from "bun:test";
import { CSP } from "../../src/web/csp.ts";
import { CONVERSATION, events } from "./sample.ts";
import { startSite } from "./site.ts";

const PATHS = [
  "/",
  "/sign-in",
  "/claim",
  "/claimed",
  "/app",
  "/app/new",
  "/app/projects",
  "/app/projects/empty",
  "/app/p/checkout",
  "/app/p/empty",
  "/app/p/checkout/s/s-7a3f",
  "/nowhere",
];

const site = await startSite(events(CONVERSATION));
afterAll(() => site[Symbol.asyncDispose]());
const html = async (path: string, cookie = "") =>
  await (await fetch(site.url + path, { headers: { cookie } })).text();

test.each(PATHS)("%s carries no inline script, style or handler", async (path) => {
  const text = await html(path);
  const scripts = text.match(/<script\b[^>]*>/g) ?? [];
  for (const script of scripts) {
    expect(script).toMatch(/^<script (type="module" src="\/assets\/|type="application\/json")/);
  }
  expect(text).not.toMatch(/<style\b/);
  const tags = text.match(/<[a-z][^>]*>/g) ?? [];
  for (const tag of tags) expect(tag).not.toMatch(/\s(style|on[a-z]+)=/);
});

test.each(PATHS)("%s is sent with the whole policy", async (path) => {
  const { headers } = await fetch(site.url + path);
  expect(headers.get("content-security-policy")).toBe(CSP);
  expect(CSP).toContain("default-src 'none'");
  expect(CSP).not.toContain("unsafe");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("cache-control")).toBe("no-store");
});

test("the landing and sign-in pages are whole without any script (E1)", async () => {
  for (const path of ["/", "/sign-in", "/claim"]) expect(await html(path)).not.toContain("<script");
  expect(await html("/")).toContain("curl -fsSL");
});

test("the chosen theme is in the first byte of the page, so that nothing flashes", async () => {
  expect(await html("/app", "a=b; polaris_theme=dark")).toContain('data-theme="dark"');
  expect(await html("/app", "polaris_theme=light")).toContain('data-theme="light"');
  expect(await html("/app")).not.toContain("data-theme=");
  expect(await html("/app", 'polaris_theme="><script>')).not.toContain("data-theme=");
});

test("a session reads without scripts: prompts, answers, calls and a way back (E4)", async () => {
  const text = await html("/app/p/checkout/s/s-7a3f");
  expect(text).toContain("It filled the queue again last night.");
  expect(text).toContain("<strong>forever</strong>");
  expect(text).toContain("bun test test/webhook");
  expect(text).toContain("Oldest tool results will be dropped first.");
  expect(text).toContain("Waits for permission to use Bash");
  await using short = await startSite(events(CONVERSATION), 10);
  expect(await (await fetch(short.page)).text()).toContain('href="?before=27"');
});

test("a one-time link is used by a press of a button, never by opening it (F1)", async () => {
  expect(await html("/claim")).toMatch(/<form method="post" action="\/claim">/);
  const used = await html("/claimed");
  expect(used).toContain("used already");
  expect(used).toContain("polaris serve --claim");
  expect(used).not.toContain("<form");
});

test("an empty project shows the command that fills it (E1)", async () => {
  expect(await html("/app/p/empty")).toContain("/polaris join empty");
  expect(await html("/app/projects/empty")).toContain("polaris link");
});

test("a page is sent compressed to whoever takes it", async () => {
  const path = `${site.url}/app/p/checkout/s/s-7a3f`;
  const sizes = new Map<string, number>();
  for (const encoding of ["identity", "gzip", "zstd"]) {
    const answer = await fetch(path, {
      headers: { "accept-encoding": encoding },
      decompress: false,
    });
    expect(answer.headers.get("content-encoding") ?? "identity").toBe(encoding);
    sizes.set(encoding, (await answer.bytes()).length);
  }
  expect(sizes.get("zstd")).toBeLessThan((sizes.get("identity") ?? 0) / 3);
  expect(sizes.get("gzip")).toBeLessThan((sizes.get("identity") ?? 0) / 3);
});
