/** `npm run seo`: what search engines and those who pass a link on are told; fails when something is missing. */
import { type Finding, report, startPlace } from "./place.ts";

await using place = await startPlace();
const { polaris, pages } = place;
const findings: Finding[] = [];

const read = async (url: string) => {
  const response = await fetch(url);
  return { status: response.status, headers: response.headers, text: await response.text() };
};

function check(
  page: string,
  what: string,
  found: string | undefined,
  isRight: (found: string) => boolean,
  wanted: string,
) {
  const shown = (found ?? "").slice(0, 80);
  findings.push({
    page,
    what,
    found: shown || "–",
    wanted,
    pass: found !== undefined && isRight(found),
  });
}

const one = (text: string, pattern: RegExp): string | undefined => pattern.exec(text)?.[1];
const meta = (text: string, name: string) =>
  one(text, new RegExp(`<meta (?:name|property)="${name}" content="([^"]*)"`));

for (const name of ["landing", "sign-in"] as const) {
  const url = pages[name];
  const { text, status } = await read(url);
  const say = (
    what: string,
    found: string | undefined,
    isRight: (found: string) => boolean,
    wanted: string,
  ) => check(name, what, found, isRight, wanted);
  say("status", String(status), (found) => found === "200", "200");
  say("language", one(text, /<html lang="([^"]+)"/), (found) => found === "en", "en");
  say(
    "title",
    one(text, /<title>([^<]+)</),
    ({ length }) => length >= 10 && length <= 65,
    "10 to 65 characters",
  );
  say(
    "description",
    meta(text, "description"),
    ({ length }) => length >= 50 && length <= 160,
    "50 to 160 characters",
  );
  say(
    "canonical",
    one(text, /<link rel="canonical" href="([^"]+)"/),
    (found) => found === url,
    "its own address",
  );
  say("one h1", String((text.match(/<h1[\s>]/g) ?? []).length), (found) => found === "1", "1");
  const levels = [...text.matchAll(/<h([1-6])[\s>]/g)].map(([, level]) => Number(level));
  const leaps = levels.some((level, at) => level > (levels[at - 1] ?? 0) + 1);
  say(
    "headings in order",
    leaps ? "a level is left out" : "in order",
    (found) => found === "in order",
    "in order",
  );
  for (const tag of ["og:title", "og:description", "og:url", "og:type", "twitter:card"]) {
    say(tag, meta(text, tag), ({ length }) => length > 0, "there");
  }
  const picture = await fetch(meta(text, "og:image") ?? "about:blank").catch(() => undefined);
  say(
    "og:image",
    picture?.headers.get("content-type") ?? undefined,
    (found) => picture?.status === 200 && found === "image/png",
    "a picture",
  );
  say(
    "viewport",
    meta(text, "viewport"),
    (found) => found.includes("width=device-width"),
    "device-width",
  );
  say(
    "may be found",
    meta(text, "robots") ?? "yes",
    (found) => !found.includes("noindex"),
    "no noindex",
  );
}

const landing = await read(pages.landing);
const structured = one(landing.text, /<script type="application\/ld\+json">([^<]+)</);
check("landing", "structured data", structured, isStructured, "schema.org SoftwareApplication");
const robots = await read(`${polaris.publicUrl}/robots.txt`);
check(
  "robots.txt",
  "leads to the sitemap",
  robots.text,
  (found) => found.includes("Sitemap: "),
  "there",
);
check(
  "robots.txt",
  "keeps the rest out",
  robots.text,
  (found) => /^Disallow: \/$/m.test(found),
  "Disallow: /",
);
const sitemap = await read(`${polaris.publicUrl}/sitemap.xml`);
for (const [, address = ""] of sitemap.text.matchAll(/<loc>([^<]+)<\/loc>/g)) {
  const { status } = await read(address);
  check(
    "sitemap.xml",
    new URL(address).pathname,
    String(status),
    (found) => found === "200",
    "200",
  );
}
const shared = await read(pages["shared session"]);
check(
  "shared session",
  "robots",
  meta(shared.text, "robots"),
  (found) => found.includes("noindex"),
  "noindex",
);
check(
  "shared session",
  "x-robots-tag",
  shared.headers.get("x-robots-tag") ?? undefined,
  (found) => found.includes("noindex"),
  "noindex",
);

function isStructured(text: string): boolean {
  const value: unknown = JSON.parse(text);
  return (
    typeof value === "object" &&
    value !== null &&
    "@type" in value &&
    value["@type"] === "SoftwareApplication"
  );
}

await report("seo", {}, findings);
