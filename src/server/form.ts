import { PolarisError } from "../wire/error.ts";
import { isSameOrigin } from "./auth.ts";
import { readText } from "./body.ts";

const SMALL = 16 * 1024;

/** The fields of a form from our own pages. A browser says where a form comes from; a foreign one is refused (CSRF). */
export async function readForm(request: Request): Promise<Record<string, string>> {
  if (!isOurs(request)) throw foreign();
  return Object.fromEntries(new URLSearchParams(await readText(request, SMALL)));
}

/** Whether the request may act: from our pages, or from a program, which has no cookie that a page could misuse. */
export function isOurs(request: Request): boolean {
  const { headers } = request;
  const isBrowser = ["sec-fetch-site", "origin", "cookie"].some((name) => headers.has(name));
  return !isBrowser || isSameOrigin(request);
}

export const isForm = (request: Request): boolean =>
  request.headers.get("content-type")?.startsWith("application/x-www-form-urlencoded") ?? false;

const foreign = (): PolarisError =>
  new PolarisError("forbidden", "This form does not come from Polaris's own pages.", {
    hint: "Open the page here and send it again.",
  });
