import { expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { serveAssets } from "../../src/web/assets.ts";
import { buildAssets } from "../../src/web/build.ts";
import { cached } from "../../src/web/cached.ts";
import { embedAssets } from "../../src/web/embed.ts";

const built = await buildAssets();
const assets = serveAssets(built);
const get = (path: string, headers: Record<string, string> = {}, method = "GET") =>
  assets.respond(new Request(`http://polaris.test${path}`, { method, headers }));

test("every file of the dashboard has a name that changes with its content", async () => {
  expect(built.map(({ name }) => name).sort()).toEqual(
    [
      "app.css",
      "geist-mono.woff2",
      "geist.woff2",
      "highlight.js",
      "ansi.js",
      "card.png",
      "icon.svg",
      "notices.js",
      "page.js",
      "search.js",
      "session.js",
      "share.js",
      "team.js",
    ].sort(),
  );
  for (const { path } of built) expect(path).toMatch(/^\/assets\/[a-z-]+-[\w-]{10}\.[a-z0-9]+$/);
  expect((await buildAssets()).map(({ path }) => path)).toEqual(built.map(({ path }) => path));
});

test("the stylesheet loads its fonts from our own address and from nowhere else", () => {
  const sheet = new TextDecoder().decode(built.find(({ name }) => name === "app.css")?.bytes);
  const addresses = [...sheet.matchAll(/url\(([^)]*)\)/g)].map((found) => found[1]);
  expect(addresses.sort()).toEqual(
    [assets.href("geist-mono.woff2"), assets.href("geist.woff2")].sort(),
  );
});

test("a browser gets the encoding it likes best and the same bytes in each", async () => {
  const path = assets.href("session.js");
  const plain = Buffer.from((await get(path)?.arrayBuffer()) ?? new ArrayBuffer());
  const unpack = { br: brotliDecompressSync, gzip: gunzipSync, zstd: zstdDecompressSync };
  for (const [name, open] of Object.entries(unpack)) {
    const answer = get(path, { "accept-encoding": name });
    expect(answer?.headers.get("content-encoding")).toBe(name);
    expect(
      open(Buffer.from((await answer?.arrayBuffer()) ?? new ArrayBuffer())).equals(plain),
    ).toBe(true);
  }
  const chosen = (accepted: string) =>
    get(path, { "accept-encoding": accepted })?.headers.get("content-encoding") ?? null;
  expect(chosen("gzip, deflate, br, zstd")).toBe("br");
  expect(chosen("br;q=0, gzip")).toBe("gzip");
  expect(chosen("*")).toBe("br");
  expect(chosen("identity")).toBeNull();
  expect(chosen("")).toBeNull();
});

test("an asset is kept for a year and asked for by its tag afterwards", async () => {
  const path = assets.href("app.css");
  const first = get(path, { "accept-encoding": "br" });
  expect(first?.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  expect(first?.headers.get("x-content-type-options")).toBe("nosniff");
  expect(first?.headers.get("vary")).toBe("accept-encoding");
  const etag = first?.headers.get("etag") ?? "";
  const again = get(path, { "accept-encoding": "br", "if-none-match": etag });
  expect(again?.status).toBe(304);
  expect(get(path, { "if-none-match": etag })?.status).toBe(200);
  const head = get(path, {}, "HEAD");
  expect(head?.status).toBe(200);
  expect(await head?.text()).toBe("");
});

test("what is not an asset is left to others", () => {
  expect(get("/assets/app-0000000000.css")).toBeUndefined();
  expect(get("/assets/../package.json")).toBeUndefined();
  expect(get(assets.href("app.css"), {}, "POST")).toBeUndefined();
});

test("a page stays light: 45 KB of script, 8 KB of style, compressed (J1 budget of row I10)", () => {
  const size = (name: string) =>
    built.find((each) => each.name === name)?.encodings.br?.length ?? 0;
  expect(size("session.js")).toBeLessThan(45_000);
  expect(size("page.js")).toBeLessThan(2_000);
  expect(size("app.css")).toBeLessThan(8_000);
});

test("a second start reads what the first has bundled", async () => {
  const folder = mkdtempSync(join(tmpdir(), "polaris-assets-"));
  try {
    const first = await cached(folder);
    const [state = ""] = readdirSync(folder);
    writeFileSync(join(folder, state, "page.js"), "kept");
    const second = await cached(folder);
    const script = second.find(({ name }) => name === "page.js");
    expect(new TextDecoder().decode(script?.bytes)).toBe("kept");
    expect(second.map(({ path }) => path)).toEqual(first.map(({ path }) => path));
    expect(second.map(({ encodings }) => encodings.br?.length)).toEqual(
      first.map(({ encodings }) => encodings.br?.length),
    );
    expect(readdirSync(folder)).toHaveLength(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a start is not troubled by a state that another takes away while it looks", async () => {
  const folder = mkdtempSync(join(tmpdir(), "polaris-assets-"));
  try {
    symlinkSync("gone", join(folder, "listed")); // a name that is read, and nothing there when it is asked for
    expect((await cached(folder)).length).toBe(built.length);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("an executable carries the assets inside and serves them without the sources (I1)", async () => {
  const folder = mkdtempSync(join(tmpdir(), "polaris-embed-"));
  try {
    const entry = join(folder, "main.ts");
    const room = join(import.meta.dir, "../../src/web/assets.ts");
    await Bun.write(
      entry,
      `import { loadAssets } from ${JSON.stringify(room)};
       const assets = await loadAssets();
       const path = assets.href("session.js");
       const answer = assets.respond(new Request("http://x" + path, { headers: { "accept-encoding": "br" } }));
       console.log(path, (await answer.bytes()).length);`,
    );
    const outfile = join(folder, "program");
    const made = await Bun.build({
      entrypoints: [entry],
      compile: { outfile },
      plugins: [await embedAssets(join(folder, "assets"))],
    });
    expect(made.success).toBe(true);
    rmSync(join(folder, "assets"), { recursive: true });
    const said = await new Response(Bun.spawn([outfile], { cwd: folder, env: {} }).stdout).text();
    const script = built.find(({ name }) => name === "session.js");
    expect(said.trim()).toBe(`${script?.path} ${script?.encodings.br?.length}`);
    expect(await Bun.file(outfile).text()).not.toContain("tailwindcss-oxide");
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 30_000);
