/**
 * Makes what browsers load: eight scripts (Preact, bundled by Bun), one stylesheet (Tailwind), two fonts, the icon, and the picture that a
 * link to a public page is shown with elsewhere (the icon and the name, drawn once at 1200 × 630).
 * Names carry a hash of the content, so that a browser keeps them forever and never meets a stale one.
 * The stylesheet names fonts as `/assets/<name>`, which are replaced by their hashed paths here: Bun's bundler
 * would inline them as data: addresses, which the content security policy refuses.
 */
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip, zstdCompress } from "node:zlib";
import tailwind from "bun-plugin-tailwind";
import type { Asset, Bytes } from "./asset.ts";

const ROOT = join(import.meta.dir, "../..");
const TYPES: Record<string, string> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  png: "image/png",
  woff2: "font/woff2",
};

const FONTS = {
  "geist.woff2": "@fontsource-variable/geist/files/geist-latin-wght-normal.woff2",
  "geist-mono.woff2": "@fontsource-variable/geist-mono/files/geist-mono-latin-wght-normal.woff2",
};

/** Bundles, hashes and compresses; about 0.5 s. */
export async function buildAssets(): Promise<Asset[]> {
  const [scripts, css, icon, card, fonts] = await Promise.all([
    script(
      "src/web/client/page.ts",
      "src/web/client/session.tsx",
      "src/web/client/search.ts",
      "src/web/client/share.ts",
      "src/web/client/notices.ts",
      "src/web/client/team.tsx",
      "src/web/client/highlight.ts",
      "src/web/client/ansi.ts",
    ),
    style("assets/app.css"),
    Bun.file(join(ROOT, "assets/icon.svg")).bytes(),
    Bun.file(join(ROOT, "assets/card.png")).bytes(),
    Promise.all(Object.entries(FONTS).map(([name, from]) => font(name, from))),
  ]);
  const sheet = fonts.reduce(
    (text, { name, path }) => text.replaceAll(`/assets/${name}`, path),
    await css.text(),
  );
  const parts = [
    ...(await Promise.all(
      scripts.map(async (made) => asset(base(made.path), new Uint8Array(await made.arrayBuffer()))),
    )),
    asset("app.css", new TextEncoder().encode(sheet)),
    asset("icon.svg", icon),
  ];
  return [...(await Promise.all(parts.map(compress))), asset("card.png", card), ...fonts];
}

async function script(...entries: string[]) {
  const made = await Bun.build({
    entrypoints: entries.map((entry) => join(ROOT, entry)),
    target: "browser",
    minify: true,
    define: { "process.env.NODE_ENV": '"production"' },
  });
  return made.outputs;
}

async function style(entry: string) {
  const made = await Bun.build({
    entrypoints: [join(ROOT, entry)],
    target: "browser",
    minify: true,
    external: ["/assets/*"],
    plugins: [tailwind],
  });
  const [css] = made.outputs;
  if (!css) throw new Error(`no stylesheet came out of ${entry}`);
  return css;
}

async function font(name: string, from: string): Promise<Asset> {
  return asset(name, await Bun.file(Bun.resolveSync(from, import.meta.dir)).bytes());
}

const base = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

function asset(name: string, bytes: Bytes): Asset {
  const hash = new Bun.CryptoHasher("sha256").update(bytes).digest("base64url").slice(0, 10);
  const dot = name.lastIndexOf(".");
  const path = `/assets/${name.slice(0, dot)}-${hash}${name.slice(dot)}`;
  const type = TYPES[name.slice(dot + 1)] ?? "application/octet-stream";
  return { name, path, type, bytes, encodings: {} };
}

/** Best level each: compressed once, sent a thousand times. */
async function compress(asset: Asset): Promise<Asset> {
  const [br, gz, zstd] = await Promise.all([
    promisify(brotliCompress)(asset.bytes, {
      params: { [constants.BROTLI_PARAM_SIZE_HINT]: asset.bytes.length },
    }),
    promisify(gzip)(asset.bytes, { level: 9 }),
    promisify(zstdCompress)(asset.bytes, {
      params: { [constants.ZSTD_c_compressionLevel]: 19 },
    }),
  ]);
  return { ...asset, encodings: { br, gzip: gz, zstd } };
}
