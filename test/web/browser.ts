/** A real Chromium: the one POLARIS_TEST_CHROMIUM names, else one of this machine's. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export const chromiumPath: string | undefined =
  process.env.POLARIS_TEST_CHROMIUM ?? PLACES.find((path) => existsSync(path));

export async function startBrowser(): Promise<Browser & AsyncDisposable> {
  if (!chromiumPath) throw new Error("no Chromium: set POLARIS_TEST_CHROMIUM to one");
  return await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox"] });
}
