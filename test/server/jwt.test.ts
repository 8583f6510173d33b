import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { chmodSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../src/lib/until.ts";
import { uuid7 } from "../../src/lib/uuid.ts";
import { keysOf, loadKeys, rotate } from "../../src/server/keys.ts";
import { startTokens } from "../../src/server/tokens.ts";
import type { TokenAnswer } from "../../src/wire/token.ts";
import { type Polaris, SECRET, startPolaris } from "../helpers/polaris.ts";
import { quickest } from "../helpers/quickest.ts";
import { temporary } from "../helpers/temp.ts";
import { codeOf, letIn, type Person, startPerson } from "./machine.ts";

let polaris: Polaris;
let manu: Person;
let machine: TokenAnswer;
beforeAll(async () => {
  polaris = await startPolaris();
  manu = await startPerson(polaris);
  machine = await letIn(polaris, manu);
});
afterAll(() => polaris[Symbol.asyncDispose]());

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const now = () => Math.floor(Date.now() / 1000);

/** An access token as this server makes them, with what is given in the place of what is right. */
function forge({
  header = {},
  claims = {},
  secret = polaris.keys.current.secret,
  hash = "sha256",
}: {
  header?: Record<string, unknown>;
  claims?: Record<string, unknown>;
  secret?: Uint8Array;
  hash?: string;
} = {}): string {
  const head = { alg: "HS256", typ: "at+jwt", kid: polaris.keys.current.kid, ...header };
  const body = {
    iss: polaris.server.publicUrl,
    aud: "polaris",
    sub: manu.user.id,
    org: polaris.caller.org,
    device: machine.device,
    iat: now(),
    nbf: now(),
    exp: now() + 900,
    ...claims,
  };
  const text = `${part(head)}.${part(body)}`;
  return `${text}.${createHmac(hash, secret).update(text).digest("base64url")}`;
}

const refused = async (token: string) => {
  const response = await polaris.call("/me", { as: token });
  return { status: response.status, code: response.ok ? "" : await codeOf(response) };
};

describe("an access token is this server's own, or nothing (F4)", () => {
  test("one made as the server makes it is taken: so the others fail for their one fault", async () => {
    expect(await refused(forge())).toEqual({ status: 200, code: "" });
    expect(await refused(machine.access_token)).toEqual({ status: 200, code: "" });
  });

  const none = () => {
    const token = forge({ header: { alg: "none" } });
    return `${token.slice(0, token.lastIndexOf("."))}.`;
  };
  const faults: [string, () => string, string][] = [
    ["alg none, without a signature", none, "token_forged"],
    ["alg none, with one", () => forge({ header: { alg: "none" } }), "token_forged"],
    [
      "another algorithm",
      () => forge({ header: { alg: "HS512" }, hash: "sha512" }),
      "token_forged",
    ],
    ["RS256 with our secret as the key", () => forge({ header: { alg: "RS256" } }), "token_forged"],
    ["another key", () => forge({ secret: Buffer.alloc(32, 1) }), "token_forged"],
    ["no key at all", () => forge({ header: { kid: undefined } }), "token_malformed"],
    ["an unknown key", () => forge({ header: { kid: "0000000000000000" } }), "token_forged"],
    [
      "a key that is a file",
      () => forge({ header: { kid: "../../dev/null" }, secret: Buffer.from("") }),
      "token_forged",
    ],
    ["a key that is a property", () => forge({ header: { kid: "__proto__" } }), "token_forged"],
    [
      "a key of its own in the header",
      () => forge({ header: { jwk: { kty: "oct", k: "AA" } }, secret: Buffer.alloc(1) }),
      "token_forged",
    ],
    ["a critical extension", () => forge({ header: { crit: ["exp"] } }), "token_forged"],
    ["another kind of token", () => forge({ header: { typ: "JWT" } }), "token_forged"],
    ["another issuer", () => forge({ claims: { iss: "https://evil.example" } }), "token_forged"],
    ["another audience", () => forge({ claims: { aud: "slack" } }), "token_forged"],
    ["over", () => forge({ claims: { exp: now() - 60, nbf: now() - 960 } }), "token_expired"],
    ["without an end", () => forge({ claims: { exp: undefined } }), "token_forged"],
    ["not yet valid", () => forge({ claims: { nbf: now() + 60 } }), "token_early"],
    [
      "over, under another key",
      () => forge({ claims: { exp: now() - 60 }, secret: Buffer.alloc(32, 1) }),
      "token_forged",
    ],
    ["of another organisation", () => forge({ claims: { org: uuid7() } }), "unauthenticated"],
    ["of another person", () => forge({ claims: { sub: uuid7() } }), "unauthenticated"],
    ["of another device", () => forge({ claims: { device: uuid7() } }), "unauthenticated"],
    ["with SQL for a device", () => forge({ claims: { device: "' or 1=1 --" } }), "token_forged"],
    ["without a device", () => forge({ claims: { device: undefined } }), "token_forged"],
    ["two parts", () => "eyJhbGciOiJIUzI1NiJ9.e30", "token_malformed"],
    ["no JSON", () => "eyJub3QganNvbg.eyJ4.x", "token_malformed"],
    ["a long one", () => `eyJ${"a".repeat(5000)}.e30.x`, "token_malformed"],
    ["a refresh token", () => machine.refresh_token, "unauthenticated"],
  ];
  test.each(faults)("%s is refused", async (_, make, code) => {
    expect(await refused(make())).toEqual({ status: 401, code });
  });

  test("a machine's token in a cookie is none", async () => {
    const headers = { cookie: `polaris_session=${machine.access_token}` };
    expect((await polaris.call("/me", { as: null, headers })).status).toBe(401);
  });

  test("a token that has been verified is over at its end all the same", async () => {
    const token = forge({ claims: { exp: now() - 3, nbf: now() - 100 } });
    // The servers' clocks may differ by five seconds; three more are left of them.
    expect((await refused(token)).status).toBe(200);
    await until(async () => (await refused(token)).code === "token_expired", { everyMs: 100 });
  });

  test("a revoked device's token is nothing within a second, on another server of the database too", async () => {
    const ms = await quickest(1_500, async () => {
      const other = await letIn(polaris, manu, "to be revoked");
      expect((await refused(other.access_token)).status).toBe(200);
      const at = performance.now();
      await polaris.database
        .admin`update devices set revoked_at = now() where id = ${other.device}`;
      await until(async () => (await refused(other.access_token)).code === "token_revoked");
      return performance.now() - at;
    });
    expect(ms).toBeLessThan(1_500);
    console.log(`revoked behind the server's back: refused after ${Math.round(ms)} ms`);
  });
});

describe("the server's secret has no default (F4)", () => {
  test("made once, for its owner alone whatever the umask, and taken again", async () => {
    await using folder = temporary();
    const before = process.umask(0);
    try {
      const made = loadKeys(folder.path, {});
      const path = join(folder.path, "server.secret");
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(readFileSync(path, "utf8").trim().length).toBeGreaterThanOrEqual(64);
      expect(loadKeys(folder.path, {}).current.kid).toBe(made.current.kid);
      chmodSync(path, 0o644);
      expect(() => loadKeys(folder.path, {})).toThrow(/read by others/);
    } finally {
      process.umask(before);
    }
  });

  test("a short one and a link in its place are refused", async () => {
    await using folder = temporary();
    expect(() => loadKeys(folder.path, { POLARIS_SECRET: "secret" })).toThrow(/shorter than 32/);
    writeFileSync(join(folder.path, "theirs"), "x".repeat(64), { mode: 0o600 });
    symlinkSync("theirs", join(folder.path, "server.secret"));
    expect(() => loadKeys(folder.path, {})).toThrow(/cannot be read/);
  });

  test("after a rotation the old key verifies and the new one signs; after two it is nothing", async () => {
    await using folder = temporary();
    const issuer = () => "http://localhost";
    const open = () => startTokens({ keys: loadKeys(folder.path, {}), issuer, accessSeconds: 60 });
    const claims = { user: uuid7(), org: uuid7(), device: uuid7() };
    const old = await open().sign(claims);
    rotate(folder.path, {});
    expect(await open().verify(old.token)).toMatchObject(claims);
    const fresh = await open().sign(claims);
    expect(fresh.token.split(".")[0]).not.toBe(old.token.split(".")[0]);
    rotate(folder.path, {});
    expect(await open().verify(fresh.token)).toMatchObject(claims);
    expect(open().verify(old.token)).rejects.toThrow(/not made by this server/);
  });

  test("POLARIS_SECRET rotates the same way, and no key is another's", () => {
    const both = loadKeys("/nowhere", {
      POLARIS_SECRET: "n".repeat(40),
      POLARIS_SECRET_PREVIOUS: SECRET,
    });
    expect([...both.known.keys()]).toContain(keysOf([SECRET]).current.kid);
    expect(both.current.kid).not.toBe(keysOf([SECRET]).current.kid);
    expect(Buffer.from(both.current.secret).toString()).not.toContain("n".repeat(8));
  });
});
