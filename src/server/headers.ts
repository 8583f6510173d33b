/**
 * What every answer says, pages and API alike; a page's own headers (`web/csp.ts`) and an asset's caching win. Answers
 * are private unless they say otherwise: nothing on the way may keep them.
 */
const ALWAYS = {
  "x-content-type-options": "nosniff",
  // What frame-ancestors says, for browsers and scanners that know only this.
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
} as const;

/** A year; without subdomains, which are not ours to decide about. */
const HTTPS = { ...ALWAYS, "strict-transport-security": "max-age=31536000" } as const;

export const headersOf = (isSecure: boolean): Record<string, string> => (isSecure ? HTTPS : ALWAYS);
