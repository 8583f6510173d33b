import { createHash, randomBytes } from "node:crypto";
import type { Role } from "../../src/core/caller.ts";
import { openBrowser } from "../../src/core/devices.ts";
import { admit, userOf } from "../../src/core/people.ts";
import { DEVICE_GRANT, DeviceAnswer, TokenAnswer } from "../../src/wire/token.ts";
import type { Polaris } from "../helpers/polaris.ts";

/** A person in a browser: their cookie, and forms as the browser posts them. */
export async function startPerson(
  polaris: Pick<Polaris, "db" | "caller" | "call">,
  { email = "manu@example.com", role = "member" as Role, org = polaris.caller.org } = {},
) {
  const user = await userOf(polaris.db, { email });
  const participant = await polaris.db.as(org, (tx) => admit(tx, org, user, role));
  const secret = await openBrowser(polaris.db, { org, user: user.id, name: "browser" });
  const headers = { cookie: `polaris_session=${secret}`, "sec-fetch-site": "same-origin" };
  return {
    user,
    participant,
    secret,
    get: (path: string) => polaris.call(path, { as: null, headers }),
    send: (method: string, path: string, body?: unknown) =>
      polaris.call(path, {
        method,
        as: null,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    form: (path: string, fields: Record<string, string>) =>
      polaris.call(path, {
        method: "POST",
        as: null,
        headers: { ...headers, "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams(fields).toString(),
      }),
  };
}
export type Person = Awaited<ReturnType<typeof startPerson>>;

export const post = (polaris: Pick<Polaris, "call">, path: string, body: Record<string, string>) =>
  polaris.call(path, {
    method: "POST",
    as: null,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(body).toString(),
  });

export const ask = (polaris: Pick<Polaris, "call">, body: Record<string, string>) =>
  post(polaris, "/auth/token", body);

export const renew = (polaris: Pick<Polaris, "call">, refresh: string) =>
  ask(polaris, { grant_type: "refresh_token", refresh_token: refresh });

export const codeOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { error: { code: string } }).error.code;

/** A machine that was let in by device code. */
export async function letIn(polaris: Polaris, person: Person, name = "laptop") {
  const asked = DeviceAnswer.parse(
    await (await post(polaris, "/auth/device", { device_name: name })).json(),
  );
  await person.form("/auth/device/decision", { user_code: asked.user_code, decision: "approve" });
  const body = { grant_type: DEVICE_GRANT, device_code: asked.device_code };
  return TokenAnswer.parse(await (await ask(polaris, body)).json());
}

/** What a program sends to be let in by a browser, and what it keeps to itself. */
export function startLoopback(redirect = "http://127.0.0.1:4999/callback") {
  const verifier = randomBytes(32).toString("base64url");
  const fields = {
    response_type: "code",
    client_id: "polaris-cli",
    redirect_uri: redirect,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    state: randomBytes(16).toString("base64url"),
    device_name: "laptop",
  };
  return { verifier, fields, query: `?${new URLSearchParams(fields)}` };
}
