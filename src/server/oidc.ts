/**
 * Signing in with OpenID Connect: authorization code with PKCE (S256), state and nonce. Signature, issuer, audience,
 * nonce and times of the ID token are checked by openid-client; what fails is told apart here, because a person can do
 * something about a clock or a provider that is away, and nothing about a forged token.
 */
import type * as Client from "openid-client";
import { z } from "zod";
import type { Verified } from "../core/arrive.ts";
import { backoff, pause } from "../lib/backoff.ts";
import { brief, type Log } from "../lib/log.ts";
import { PolarisError } from "../wire/error.ts";
import { Email } from "../wire/org.ts";
import { isLoopback, type ProviderSettings } from "./providers.ts";

/** How far the provider's clock may be off. */
const SKEW_SECONDS = 60;
const TIMEOUT_SECONDS = 8;
const TRIES = 3;
/** Endpoints may move; keys are asked for again whenever an unknown one signs. */
const FRESH_MS = 3600_000;

const Claims = z.object({
  email: z.string().optional(),
  email_verified: z.union([z.boolean(), z.enum(["true", "false"])]).optional(),
  name: z.string().optional(),
});

export interface Checks {
  state: string;
  nonce: string;
  verifier: string;
}

export interface Provider {
  id: string;
  name: string;
  issuer: string;
  /** Where the provider sends people back to: what was entered there. */
  callback(): string;
  /** Where the browser is sent. */
  authorize(checks: Checks): Promise<URL>;
  /** What the issuer says of the person who came back with this query. */
  verify(search: string, checks: Checks): Promise<Verified>;
}

/** `publicUrl` is asked for late: with port 0 it is known only once the server listens. */
export function startProvider(
  settings: ProviderSettings,
  { publicUrl, log }: { publicUrl: () => string; log: Log },
): Provider {
  const { id, name } = settings;
  let known: { config: Client.Configuration; until: number } | undefined;
  const redirectUri = () => settings.redirectUri ?? `${publicUrl()}/auth/${id}/callback`;

  /** Discovered once and kept; a provider that does not answer is asked again, now and at the next sign-in. */
  async function ready(): Promise<{ oidc: typeof Client; config: Client.Configuration }> {
    const oidc = await import("openid-client");
    if (known && known.until > Date.now()) return { oidc, config: known.config };
    const wait = backoff({ firstMs: 200, maxMs: 1000 });
    for (let attempt = 1; ; attempt++) {
      try {
        const config = await discover(oidc, settings);
        known = { config, until: Date.now() + FRESH_MS };
        return { oidc, config };
      } catch (cause) {
        log.warn("oidc.discovery", { provider: id, attempt, error: brief(cause) });
        if (known) return { oidc, config: known.config };
        if (attempt === TRIES) throw unavailable(name, cause);
        await pause(wait.next());
      }
    }
  }

  return {
    id,
    name,
    issuer: settings.issuer,
    callback: redirectUri,
    async authorize({ state, nonce, verifier }) {
      const { oidc, config } = await ready();
      return oidc.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri(),
        scope: "openid email profile",
        state,
        nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
        // Who has several accounts there chooses at every sign-in, instead of always getting the last one.
        ...(id === "google" ? { prompt: "select_account" } : {}),
      });
    },
    async verify(search, { state, nonce, verifier }) {
      const { oidc, config } = await ready();
      try {
        const url = new URL(redirectUri());
        url.search = search;
        const tokens = await oidc.authorizationCodeGrant(config, url, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        });
        const token = tokens.claims();
        if (!token) throw new Error("the provider sent no ID token");
        // Some providers put the email only where the access token leads.
        const user =
          token.email === undefined
            ? await oidc.fetchUserInfo(config, tokens.access_token, token.sub)
            : token;
        const claims = Claims.parse(user);
        const email = Email.safeParse(claims.email);
        if (!email.success || String(claims.email_verified) !== "true") throw unverified(name);
        const { iss: issuer, sub: subject } = token;
        return { issuer, subject, email: email.data, name: claims.name };
      } catch (error) {
        if (error instanceof PolarisError) throw error;
        const problem = translate(error, name);
        log.warn("oidc.refused", { provider: id, code: problem.code, error: brief(error) });
        throw problem;
      }
    },
  };
}

async function discover(
  oidc: typeof Client,
  { issuer, clientId, clientSecret }: ProviderSettings,
): Promise<Client.Configuration> {
  const server = new URL(issuer);
  const find = (auth: Client.ClientAuth) =>
    oidc.discovery(server, clientId, { [oidc.clockTolerance]: SKEW_SECONDS }, auth, {
      timeout: TIMEOUT_SECONDS,
      execute: [
        // Signatures are checked even though the token comes straight from the provider: the library does not by itself.
        oidc.enableNonRepudiationChecks,
        ...(isLoopback(server) ? [oidc.allowInsecureRequests] : []),
      ],
    });
  if (!clientSecret) return find(oidc.None());
  // The standard's default is Basic, which most accept; a few only read the body.
  let auth = oidc.ClientSecretBasic(clientSecret);
  const config = await find((...parts) => auth(...parts));
  const supported = config.serverMetadata().token_endpoint_auth_methods_supported;
  if (supported?.includes("client_secret_post")) auth = oidc.ClientSecretPost(clientSecret);
  return config;
}

/** openid-client tells what failed by a code on the error or on its cause. */
function translate(error: unknown, name: string): PolarisError {
  const codes = [error, error instanceof Error ? error.cause : undefined].map((each) =>
    each instanceof Error && "code" in each ? String(each.code) : "",
  );
  if (codes.includes("OAUTH_JWT_TIMESTAMP_CHECK_FAILED")) {
    return new PolarisError("clock_skew", `The clocks of ${name} and this server differ.`, {
      hint: "Whoever runs this server should set its clock; then sign in again.",
      cause: error,
    });
  }
  if (error instanceof Error && "error" in error && error.error === "access_denied") {
    return cancelled(name);
  }
  const isOurs = codes.some((code) => code.startsWith("OAUTH_"));
  const answer = error instanceof Error ? error.cause : undefined;
  const isBroken = answer instanceof Response && answer.status >= 500;
  if (!isOurs || isBroken) return unavailable(name, error);
  return new PolarisError("provider_refused", `${name}'s answer could not be trusted.`, {
    hint: "Sign in again. If it stays so, whoever runs this server should look into its log.",
    cause: error,
  });
}

export const cancelled = (name: string): PolarisError =>
  new PolarisError("sign_in_cancelled", `You did not let ${name} tell us who you are.`, {
    hint: "Nothing was stored. Sign in again whenever you like.",
  });

const unavailable = (name: string, cause: unknown): PolarisError =>
  new PolarisError("provider_unavailable", `${name} does not answer just now.`, {
    hint: "Try again in a moment. Whoever is signed in stays so.",
    cause,
  });

const unverified = (name: string): PolarisError =>
  new PolarisError("email_unverified", `${name} has not verified your email address.`, {
    hint: "Confirm the address there, then sign in again.",
  });
