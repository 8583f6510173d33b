import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { PolarisError } from "../wire/error.ts";
import { CLIENT, TokenAnswer } from "../wire/token.ts";
import { call } from "./api.ts";

/** Time enough to sign in to the server first. */
const PATIENCE_MS = 10 * 60_000;

/**
 * Signs in through a browser on this machine (RFC 8252): it comes back to a port of ours with a one-time code that only
 * we can use (PKCE, RFC 7636), and only to the sign-in that this process began (`state`).
 */
export async function byLoopback(wish: {
  url: string;
  machine: string;
  show: (address: string) => void;
  signal?: AbortSignal;
}): Promise<TokenAnswer> {
  const { url, machine, show } = wish;
  const verifier = randomBytes(32).toString("base64url");
  const state = randomBytes(24).toString("base64url");
  const came = Promise.withResolvers<string>();
  await using server = listen(state, came);
  const redirect = `http://127.0.0.1:${server.port}/callback`;
  const query = new URLSearchParams({
    response_type: "code",
    client_id: CLIENT,
    redirect_uri: redirect,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    state,
    device_name: machine,
  });
  show(`${url}/auth/authorize?${query}`);
  const timer = setTimeout(() => came.reject(late()), PATIENCE_MS);
  wish.signal?.addEventListener("abort", () => came.reject(late()), { once: true });
  try {
    const code = await came.promise;
    const body = new URLSearchParams({
      grant_type: "authorization_code",
      client_id: CLIENT,
      code,
      code_verifier: verifier,
      redirect_uri: redirect,
    });
    const type = "application/x-www-form-urlencoded";
    const request = { method: "POST", path: "/auth/token", type, body: body.toString() } as const;
    return await call({ url }, request, TokenAnswer);
  } finally {
    clearTimeout(timer);
  }
}

function listen(state: string, came: PromiseWithResolvers<string>) {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 10,
    fetch(request) {
      const { pathname, searchParams, host } = new URL(request.url);
      // A name that was made to mean 127.0.0.1 is not us.
      if (pathname !== "/callback" || !host.startsWith("127.0.0.1:"))
        return page("Nothing here", 404);
      // Another program's, or a foreign page's: it neither ends nor disturbs the sign-in that waits.
      if (!isEqual(searchParams.get("state") ?? "", state)) return page(FOREIGN, 400);
      const code = searchParams.get("code");
      if (code) {
        came.resolve(code);
        return page("This machine is signed in. The page can be closed.");
      }
      came.reject(
        new PolarisError("access_denied", "The sign-in was refused in the browser.", {
          hint: "polaris login begins again.",
        }),
      );
      return page("Refused. This page can be closed.");
    },
  });
  return {
    port: server.port,
    /** The page that tells the person it went well is still on its way. */
    [Symbol.asyncDispose]: () => server.stop(false),
  };
}

const FOREIGN = "This does not belong to the sign-in that waits here.";

/** No script, no address in it, and no referrer that would carry the code on. */
const page = (text: string, status = 200): Response =>
  new Response(
    `<!doctype html><meta charset=utf-8><title>Polaris</title><p style="font:16px system-ui;margin:15vh auto;max-width:28em">${text}</p>`,
    {
      status,
      headers: {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy":
          "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        connection: "close",
      },
    },
  );

function isEqual(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const late = (): PolarisError =>
  new PolarisError("login_timeout", "Nobody said yes in the browser.", {
    hint: "polaris login begins again.",
  });
