import type { SignUp } from "../core/arrive.ts";
import { PolarisError } from "../wire/error.ts";

/** One identity provider, as the operator configured it. */
export interface ProviderSettings {
  /** In our addresses: `/auth/<id>/start`. */
  id: "google" | "oidc";
  /** On the button. */
  name: string;
  issuer: string;
  clientId: string;
  /** Absent for a public client: PKCE alone. */
  clientSecret?: string | undefined;
  /** Absent: `<public address>/auth/<id>/callback`. */
  redirectUri?: string | undefined;
}

type Env = Record<string, string | undefined>;

/** The providers of the environment. Throws for what is half configured: it would fail at the first sign-in. */
export function providersOf(env: Env): ProviderSettings[] {
  const found: ProviderSettings[] = [];
  if (env.GOOGLE_CLIENT_ID) {
    if (!env.GOOGLE_CLIENT_SECRET) throw missing("GOOGLE_CLIENT_SECRET", "GOOGLE_CLIENT_ID");
    found.push({
      id: "google",
      name: "Google",
      issuer: issuerOf(env.GOOGLE_ISSUER || "https://accounts.google.com", "GOOGLE_ISSUER"),
      clientId: env.GOOGLE_CLIENT_ID,
      clientSecret: env.GOOGLE_CLIENT_SECRET,
      redirectUri: env.GOOGLE_REDIRECT_URI || undefined,
    });
  }
  if (env.OIDC_ISSUER) {
    if (!env.OIDC_CLIENT_ID) throw missing("OIDC_CLIENT_ID", "OIDC_ISSUER");
    found.push({
      id: "oidc",
      name: env.OIDC_NAME || new URL(issuerOf(env.OIDC_ISSUER, "OIDC_ISSUER")).host,
      issuer: issuerOf(env.OIDC_ISSUER, "OIDC_ISSUER"),
      clientId: env.OIDC_CLIENT_ID,
      clientSecret: env.OIDC_CLIENT_SECRET || undefined,
      redirectUri: env.OIDC_REDIRECT_URI || undefined,
    });
  }
  return found;
}

/** `invited` (the default), `open`, or the domains whose people may make an organisation, comma separated. */
export function signUpOf(env: Env): SignUp {
  const text = env.POLARIS_SIGN_UP?.trim().toLowerCase() || "invited";
  if (text === "invited" || text === "open") return text;
  return text.split(",").map((domain) => domain.trim().replace(/^@/, ""));
}

function issuerOf(text: string, name: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url))) return text;
  throw new PolarisError("usage", `${name} is not an https address.`, {
    hint: "Plain http is only for an issuer on this machine's loopback.",
  });
}

export const isLoopback = ({ hostname }: URL): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);

const missing = (name: string, because: string): PolarisError =>
  new PolarisError("usage", `${name} is not set, but ${because} is.`, {
    hint: "Both come from the provider's page about this client.",
  });
