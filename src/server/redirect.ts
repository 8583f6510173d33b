/** On to another address, which is asked for with GET; the answer is kept by nobody and its address told to nobody. */
export function redirect(location: string, ...cookies: string[]): Response {
  const headers = new Headers({
    location,
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
  });
  for (const each of cookies) headers.append("set-cookie", each);
  return new Response(null, { status: 303, headers });
}

/** Only a path of our own: never another host, whatever the link says. */
export function pathOf(next: string | undefined): string {
  if (!next?.startsWith("/") || next.startsWith("//") || /[\\\p{Cc}]/u.test(next)) return "/app";
  return next;
}

/** To the sign-in, and from there back. */
export const toDoor = (next: string): Response =>
  redirect(`/sign-in?next=${encodeURIComponent(next)}`);
