import { PolarisError } from "../wire/error.ts";
import { isSameOrigin } from "./auth.ts";
import { readText } from "./body.ts";

const SMALL = 16 * 1024;

/** A form from our own pages, with boxes of one name ticked several times. A foreign page's is refused (CSRF). */
export async function readFields(request: Request): Promise<URLSearchParams> {
  if (!isOurs(request)) throw foreign();
  return new URLSearchParams(await readText(request, SMALL));
}

/** The same where each field comes once. */
export const readForm = async (request: Request): Promise<Record<string, string>> =>
  Object.fromEntries(await readFields(request));

/** Browsers say where a form comes from. Whether the request may act: from our pages, or from a program, which has no cookie that a page could misuse. */
function isOurs(request: Request): boolean {
  const { headers } = request;
  const isBrowser = ["sec-fetch-site", "origin", "cookie"].some((name) => headers.has(name));
  return !isBrowser || isSameOrigin(request);
}

const foreign = (): PolarisError =>
  new PolarisError("forbidden", "This form does not come from Polaris's own pages.", {
    hint: "Open the page here and send it again.",
  });
