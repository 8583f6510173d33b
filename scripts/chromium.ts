/** A Chromium for the browser tests: the one named, else a packaged headless one, else the system's. */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { launch } from "../test/helpers/browser.ts";
import { fetchPackage } from "./fetch.ts";
import { ROOT } from "./root.ts";

/** Pairs with playwright-core 1.65.1. */
const VERSION = "153.0.0";
const SYSTEM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Its path, proven by a page that it really opened; throws with the reason when there is none. */
export async function findChromium(): Promise<string> {
  const named = process.env.POLARIS_TEST_CHROMIUM;
  if (named) return await proven(named);
  let reason = "";
  for (const candidate of [packaged, ...SYSTEM.map((path) => async () => path)]) {
    try {
      return await proven(await candidate());
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      reason ||= words.split("\n")[0] ?? "";
    }
  }
  throw new Error(reason);
}

async function proven(path: string): Promise<string> {
  if (!existsSync(path)) throw new Error(`there is no ${path}`);
  const browser = await launch(path);
  try {
    const page = await browser.newPage();
    await page.goto("data:text/html,<title>north</title>");
    if ((await page.title()) === "north") return path;
    throw new Error(`${path} opens no page`);
  } finally {
    await browser.close();
  }
}

/** @sparticuz/chromium, built for bare servers: it brings the libraries that a slim system lacks (NSS and others). */
async function packaged(): Promise<string> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error(`no packaged Chromium for ${process.platform}-${process.arch}`);
  }
  const folder = join(ROOT, ".cache/tests", `chromium-${VERSION}`);
  const path = join(folder, "run");
  if (existsSync(path)) return path;
  const bin = join(await fetchPackage("@sparticuz/chromium", VERSION), "bin");
  const half = `${folder}.${process.pid}.tmp`;
  mkdirSync(half, { recursive: true });
  await Bun.write(join(half, "chromium"), unbrotli(join(bin, "chromium.br")));
  for (const [archive, where] of [
    ["al2023.tar.br", "libraries"],
    ["fonts.tar.br", "fonts"],
    ["swiftshader.tar.br", "."],
  ] as const) {
    await new Bun.Archive(unbrotli(join(bin, archive))).extract(join(half, where));
  }
  chmodSync(join(half, "chromium"), 0o755);
  await Bun.write(join(half, "run"), RUN);
  chmodSync(join(half, "run"), 0o755);
  renameSync(half, folder);
  return path;
}

const unbrotli = (path: string) => new Uint8Array(brotliDecompressSync(readFileSync(path)));

/** The system's own libraries first; the packaged ones only where some are missing. */
const RUN = `#!/bin/sh
here=$(dirname -- "$0")
if ldd "$here/chromium" | grep -q "not found"; then
  export LD_LIBRARY_PATH="$here/libraries/lib\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
fi
exec "$here/chromium" "$@"
`;
