/**
 * What every HTML answer carries. No inline script and no inline style is ever sent, so the policy needs neither
 * nonces nor hashes: text that slips through as markup stays inert. Scripts set sizes through the CSSOM, which the
 * policy allows. Data blocks (`<script type="application/json">`) are not scripts and are not affected.
 */
export const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join("; ");

/** Headers of a page. Pages hold private text, so nothing on the way may keep them. */
export const PAGE_HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": CSP,
  "x-content-type-options": "nosniff",
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store",
} as const;

/** The same for a page that shows pictures of the registry: these addresses and no others, by path. */
export const withPictures = (addresses: string[]): string => {
  const allowed = addresses.flatMap((address) => {
    const { origin, pathname } = URL.parse(address) ?? {};
    return origin ? `${origin}${pathname?.replace(/[;,']/g, encodeURIComponent) ?? ""}` : [];
  });
  return CSP.replace("img-src 'self' data:", ["img-src 'self' data:", ...allowed].join(" "));
};
