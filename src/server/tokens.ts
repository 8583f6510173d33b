import { jwt } from "@elysiajs/jwt";
import { z } from "zod";
import type { Claims } from "../core/identify.ts";
import { PolarisError } from "../wire/error.ts";
import type { Key, Keys } from "./keys.ts";

/** RFC 9068: says what the token is, so that no other JWT under the same key can pass for it. */
const TYPE = "at+jwt";
const AUDIENCE = "polaris";
/** Servers behind one address may differ by this much. */
const SKEW_SECONDS = 5;

const Payload = z.object({
  sub: z.guid(),
  org: z.guid(),
  device: z.guid(),
  exp: z.number(),
});

/**
 * Access tokens of machines: HS256, short-lived, worth nothing without a look at their device's row (`identify`). The
 * key is found by `kid` in a map of ours: nothing in a token's header names a file, an address or an algorithm to use.
 */
export function startTokens(needs: { keys: Keys; issuer: () => string; accessSeconds: number }) {
  const { keys, issuer, accessSeconds } = needs;
  const houses = new Map([...keys.known].map(([kid, key]) => [kid, houseOf(key)]));
  const signer = houseOf(keys.current);

  async function sign(claims: Omit<Claims, "until">): Promise<{ token: string; seconds: number }> {
    const now = Math.floor(Date.now() / 1000);
    const token = await signer.sign({
      iss: issuer(),
      aud: AUDIENCE,
      sub: claims.user,
      org: claims.org,
      device: claims.device,
      jti: crypto.randomUUID(),
      nbf: now,
      exp: now + accessSeconds,
    });
    return { token, seconds: accessSeconds };
  }

  async function verify(token: string): Promise<Claims> {
    const kid = kidOf(token);
    const house = houses.get(kid);
    if (!house) throw forged();
    const check = (currentDate?: Date) =>
      house.verify(token, {
        algorithms: ["HS256"],
        typ: TYPE,
        issuer: issuer(),
        audience: AUDIENCE,
        clockTolerance: currentDate ? 0 : SKEW_SECONDS,
        requiredClaims: ["exp", "nbf", "iat", "sub"],
        ...(currentDate ? { currentDate } : {}),
      });
    const payload = Payload.safeParse(await check());
    if (payload.success) {
      const { sub, org, device, exp } = payload.data;
      return { user: sub, org, device, until: exp * 1000 };
    }
    throw await reason(token, check);
  }

  return { sign, verify, accessSeconds };
}
export type Tokens = ReturnType<typeof startTokens>;

/** Its time is told only of a token that is ours and right in all else. */
async function reason(token: string, check: (at: Date) => Promise<unknown>): Promise<PolarisError> {
  const { exp, nbf } = timesOf(token);
  const now = Date.now() / 1000;
  if (exp !== undefined && exp <= now && (await check(new Date((exp - 1) * 1000)))) {
    return new PolarisError("token_expired", "This access token is over.", {
      hint: "The recorder renews its own by itself; else: polaris login",
    });
  }
  if (nbf !== undefined && nbf > now && (await check(new Date(nbf * 1000)))) {
    return new PolarisError("token_early", "This access token is not valid yet.", {
      hint: "Do the servers' clocks agree?",
    });
  }
  return forged();
}

const houseOf = ({ kid, secret }: Key) =>
  jwt({ name: "jwt", secret, alg: "HS256", typ: TYPE, kid }).decorator.jwt;

const Header = z.object({ kid: z.string().max(64) });
const Times = z.object({ exp: z.number().optional(), nbf: z.number().optional() });

function kidOf(token: string): string {
  const parts = token.split(".");
  if (parts.length !== 3 || token.length > 4096) throw malformed();
  const header = Header.safeParse(partOf(parts[0]));
  if (!header.success) throw malformed();
  return header.data.kid;
}

function timesOf(token: string): z.infer<typeof Times> {
  const times = Times.safeParse(partOf(token.split(".")[1]));
  return times.success ? times.data : {};
}

function partOf(text = ""): unknown {
  try {
    return JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
}

const malformed = (): PolarisError =>
  new PolarisError("token_malformed", "This is no access token.", { hint: "polaris login" });

const forged = (): PolarisError =>
  new PolarisError("token_forged", "This access token was not made by this server.", {
    hint: "polaris login",
  });
