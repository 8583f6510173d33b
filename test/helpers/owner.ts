import { z } from "zod";
import { SCOPES } from "../../src/core/caller.ts";

const Made = z.object({ token: z.string() });

/** What a browser sends when somebody opens an address, and when a page of ours posts. */
const PERSON = { "sec-fetch-mode": "navigate", "sec-fetch-site": "none" };
const OWN_PAGE = { "sec-fetch-site": "same-origin" };

/** Signs a browser in by a one-time link, as a person does; answers its cookie. */
export async function browserOf(link: string): Promise<string> {
  const { origin, searchParams } = new URL(link);
  const opened = await fetch(link, { redirect: "manual", headers: PERSON });
  const cookie = cookieOf(opened);
  if (cookie) return cookie;
  // A claim asks who one is.
  const form = { code: searchParams.get("code") ?? "", email: "manu@example.com", name: "Manu" };
  const body = new URLSearchParams(form);
  const claimed = await fetch(`${origin}/claim`, {
    method: "POST",
    redirect: "manual",
    headers: OWN_PAGE,
    body,
  });
  const signedIn = cookieOf(claimed);
  if (!signedIn) throw new Error(`the link was not taken: ${claimed.status}`);
  return signedIn;
}

/** An API token of whoever the link signs in, with every scope: what scripts of theirs would use. */
export const tokenBy = async (link: string): Promise<string> =>
  await tokenOf(new URL(link).origin, await browserOf(link));

/** One more of whoever the cookie signs in. */
export async function tokenOf(origin: string, cookie: string): Promise<string> {
  const response = await fetch(`${origin}/tokens`, {
    method: "POST",
    headers: { ...OWN_PAGE, cookie, "content-type": "application/json" },
    body: JSON.stringify({ name: "tests", scopes: SCOPES }),
  });
  return Made.parse(await response.json()).token;
}

const cookieOf = (response: Response): string | undefined =>
  response.headers
    .getSetCookie()
    .find((each) => each.startsWith("polaris_session="))
    ?.split(";")[0];
