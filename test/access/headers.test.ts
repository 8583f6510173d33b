import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import * as links from "../../src/core/links.ts";
import { type Polaris, startMachine, startPolaris } from "../helpers/polaris.ts";

let polaris: Polaris;
beforeAll(async () => {
  polaris = await startPolaris({ proxies: ["127.0.0.1"] });
  const machine = startMachine({ project: "p" });
  await polaris.ingest([machine.head(), machine.line()]);
});
afterAll(() => polaris[Symbol.asyncDispose]());

const ANSWERS = [
  ["a page", "/sign-in", 200],
  ["a page that is not there", "/app/nothing", 404],
  ["an answer", "/projects", 200],
  ["a refusal", "/projects/absent", 404],
  ["nothing", "/nothing", 404],
  ["a stream", "/projects/p/events", 200],
  ["a redirect", "/app", 303],
  ["health", "/healthz", 200],
] as const;

describe("every answer is closed to foreign eyes (F4)", () => {
  test.each(ANSWERS)("%s (%s)", async (_, path, status) => {
    const response = await polaris.call(path, path === "/app" ? { as: null } : {});
    expect(response.status).toBe(status);
    const header = (name: string) => response.headers.get(name) ?? "";
    expect(header("x-content-type-options")).toBe("nosniff");
    expect(header("cache-control")).toContain("no-store");
    expect(header("referrer-policy")).toMatch(/^(no-referrer|same-origin)$/);
    expect(header("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(header("access-control-allow-origin")).toBe("");
    expect(header("strict-transport-security")).toBe("");
    await response.body?.cancel();
  });

  test("assets may be kept, pages not", async () => {
    const page = await (await polaris.call("/sign-in", { as: null })).text();
    const href = /href="(\/assets\/[^"]+\.css)"/.exec(page)?.[1] ?? "";
    const asset = await polaris.call(href, { as: null });
    expect(asset.headers.get("cache-control")).toContain("immutable");
    expect(asset.headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("behind a proxy that speaks https: HSTS, and a cookie that only https carries", async () => {
    const code = () =>
      links.make(polaris.db, {
        kind: "invite",
        org: polaris.caller.org,
        role: "member",
        email: "krishna@example.com",
      });
    const open = async (headers: Record<string, string>) =>
      polaris.call(`/claim?code=${await code()}`, {
        as: null,
        headers: { "sec-fetch-mode": "navigate", ...headers },
      });
    const secure = await open({ "x-forwarded-proto": "https", "x-forwarded-for": "10.0.0.1" });
    expect(secure.headers.get("set-cookie")).toContain("; Secure");
    expect(secure.headers.get("strict-transport-security")).toContain("max-age=31536000");
    expect((await open({})).headers.get("set-cookie")).not.toContain("; Secure");
    // Without a proxy of ours the header is anybody's word.
    await using alone = await startPolaris();
    const forged = await alone.call("/sign-in", { headers: { "x-forwarded-proto": "https" } });
    expect(forged.headers.get("strict-transport-security")).toBeNull();
  });
});

describe("what is too large is refused (F4)", () => {
  test.each([
    ["a header of 100 KB", { headers: { "x-large": "x".repeat(100_000) } }, 431],
    ["settings of 2 MB", { method: "POST", body: `{"slug":"${"x".repeat(2_000_000)}"}` }, 413],
  ])("%s", async (_, init, status) => {
    expect((await polaris.call("/projects", init)).status).toBe(status);
  });

  test("a proxy that is no address stops the start, with its name", async () => {
    expect(startPolaris({ proxies: ["proxy.example"] })).rejects.toThrow(/proxy\.example/);
  });
});
