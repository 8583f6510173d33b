import { createServer } from "node:http";
import Provider from "oidc-provider";
import type { ProviderSettings } from "../../src/server/providers.ts";
import { freePort } from "./port.ts";

/** What the issuer says of an account; the login is its subject. */
export interface Account {
  email?: string;
  email_verified?: boolean;
  name?: string;
}

/**
 * A real OpenID Connect provider (oidc-provider, certified and strict: PKCE and exact redirect addresses) on loopback.
 * Its own pages ask for a login, which is the account's name, and for consent.
 */
export async function startIssuer(redirectUri: string, accounts: Record<string, Account>) {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const [clientId, clientSecret] = ["polaris", crypto.randomUUID()];
  const provider = new Provider(url, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [redirectUri],
        token_endpoint_auth_method: "client_secret_post",
      },
    ],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    cookies: { keys: ["key-of-this-test"] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true } },
    ttl: { Session: 600, Interaction: 600, Grant: 600, AccessToken: 600, IdToken: 600 },
    findAccount: (_: unknown, login: string) =>
      accounts[login] && {
        accountId: login,
        claims: () => ({ sub: login, ...accounts[login] }),
      },
  });
  const server = createServer(provider.callback());
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const settings: ProviderSettings = {
    id: "oidc",
    name: "Acme",
    issuer: url,
    clientId,
    clientSecret,
  };
  return {
    url,
    accounts,
    settings,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
