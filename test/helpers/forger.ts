import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { ProviderSettings } from "../../src/server/providers.ts";

/** What a forged ID token differs in from an honest one. */
export interface Forgery {
  claims?: Record<string, unknown>;
  header?: Record<string, unknown>;
  /** Signed with a key that the issuer does not publish. */
  otherKey?: boolean;
  /** Whatever the token endpoint answers instead. */
  answer?: () => Response;
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** An issuer that lies: it answers every sign-in with the token that the test wants. */
export function startForger() {
  const pair = () => generateKeyPairSync("rsa", { modulusLength: 2048 });
  const [own, foreign] = [pair(), pair()];
  const nonces = new Map<string, string>();
  const state: { forgery: Forgery; asked: number } = { forgery: {}, asked: 0 };
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer });
  const url = `http://127.0.0.1:${server.port}`;
  const settings: ProviderSettings = {
    id: "oidc",
    name: "Acme",
    issuer: url,
    clientId: "polaris",
    clientSecret: "secret",
  };

  async function answer(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/.well-known/openid-configuration") {
      state.asked++;
      return Response.json({
        issuer: url,
        authorization_endpoint: `${url}/authorize`,
        token_endpoint: `${url}/token`,
        jwks_uri: `${url}/jwks`,
        response_types_supported: ["code"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["RS256"],
        token_endpoint_auth_methods_supported: ["client_secret_basic"],
      });
    }
    if (pathname === "/jwks") {
      return Response.json({
        keys: [{ ...own.publicKey.export({ format: "jwk" }), kid: "k", use: "sig" }],
      });
    }
    if (pathname === "/authorize") {
      const code = crypto.randomUUID();
      nonces.set(code, searchParams.get("nonce") ?? "");
      const back = new URL(searchParams.get("redirect_uri") ?? "");
      back.searchParams.set("code", code);
      back.searchParams.set("state", searchParams.get("state") ?? "");
      return Response.redirect(back.href);
    }
    if (state.forgery.answer) return state.forgery.answer();
    const code = new URLSearchParams(await request.text()).get("code") ?? "";
    return Response.json({
      access_token: "access",
      token_type: "Bearer",
      id_token: token(nonces.get(code) ?? ""),
    });
  }

  function token(nonce: string): string {
    const now = Math.floor(Date.now() / 1000);
    const { claims, header, otherKey } = state.forgery;
    const head = { alg: "RS256", kid: "k", typ: "JWT", ...header };
    const body = {
      iss: url,
      aud: "polaris",
      sub: "manu",
      email: "manu@example.com",
      email_verified: true,
      nonce,
      iat: now,
      exp: now + 300,
      ...claims,
    };
    const text = `${part(head)}.${part(body)}`;
    if (head.alg === "none") return `${text}.`;
    const key: KeyObject = otherKey ? foreign.privateKey : own.privateKey;
    return `${text}.${sign("sha256", Buffer.from(text), key).toString("base64url")}`;
  }

  return {
    url,
    settings,
    state,
    async [Symbol.asyncDispose]() {
      await server.stop(true);
    },
  };
}
