import providers from "email-providers/all.json" with { type: "json" };

/** Mail for everybody that the list does not have (2.26.0). */
const MORE = [
  "disroot.org",
  "duck.com",
  "fastmail.com",
  "fastmail.fm",
  "kolabnow.com",
  "mozmail.com",
  "passmail.net",
  "posteo.de",
  "posteo.net",
  "riseup.net",
  "simplelogin.com",
  "startmail.com",
  "tuta.com",
  "tuta.io",
  "tutanota.com",
];

/** Kept free for examples (RFC 2606) and nobody's mail, though the list has them. */
const RESERVED = /(^|\.)example(\.(com|net|org))?$/;

const KNOWN = new Set([...providers, ...MORE]);

/** Mail for everybody, at this domain or the one above it: letting such a domain in would let anybody in. */
export function isPublic(domain: string): boolean {
  if (RESERVED.test(domain)) return false;
  const parts = domain.split(".");
  return parts.some((_, at) => at < parts.length - 1 && KNOWN.has(parts.slice(at).join(".")));
}
