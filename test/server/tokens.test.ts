import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { until } from "../../src/lib/until.ts";
import { DEVICE_GRANT, DeviceAnswer, TokenAnswer } from "../../src/wire/token.ts";
import { type Polaris, startPolaris } from "../helpers/polaris.ts";
import {
  ask,
  codeOf,
  letIn,
  type Person,
  post,
  renew,
  startLoopback,
  startPerson,
} from "./machine.ts";

let polaris: Polaris;
let manu: Person;
beforeAll(async () => {
  polaris = await startPolaris();
  manu = await startPerson(polaris);
});
afterAll(() => polaris[Symbol.asyncDispose]());

const audit = async (action: string) =>
  await polaris.database.admin`select * from audit 
    where action = ${action} and detail ->> 'via' is distinct from 'browser' order by n`;

describe("a machine is let in by its code (F3, RFC 8628)", () => {
  test("the person sees what asks and from where; the machine waits, slows down, gets tokens once", async () => {
    const asked = DeviceAnswer.parse(
      await (await post(polaris, "/auth/device", { device_name: "build box" })).json(),
    );
    expect(asked.user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    const body = { grant_type: DEVICE_GRANT, device_code: asked.device_code };
    expect(await codeOf(await ask(polaris, body))).toBe("authorization_pending");
    expect(await codeOf(await ask(polaris, body))).toBe("slow_down");

    const page = await manu.get(`/auth/device?user_code=${asked.user_code.toLowerCase()}`);
    const html = await page.text();
    expect(html).toContain("build box");
    expect(html).toContain("127.0.0.1");
    const decided = await manu.form("/auth/device/decision", {
      user_code: asked.user_code,
      decision: "approve",
    });
    expect(decided.status).toBe(200);
    // Too early once more does not matter to a test: the pace is checked above.
    await polaris.database.admin`update grants set polled_at = null`;
    const answer = TokenAnswer.parse(await (await ask(polaris, body)).json());
    const me = await polaris.json<{ participant: string; kind: string }>("/me", {
      as: answer.access_token,
    });
    expect(me).toMatchObject({ participant: manu.participant, kind: "machine" });
    expect(await audit("device.signed_in")).toHaveLength(1);

    // Replayed: whoever shows it again has stolen it, so what it became is signed out.
    expect(await codeOf(await ask(polaris, body))).toBe("invalid_grant");
    expect(await codeOf(await renew(polaris, answer.refresh_token))).toBe("invalid_grant");
  });
});

describe("a machine is let in by its own browser (F3, RFC 8252)", () => {
  async function approve(decision = "approve") {
    const loopback = startLoopback();
    const page = await manu.get(`/auth/authorize${loopback.query}`);
    expect(page.headers.get("content-security-policy")).toContain(
      "form-action 'self' http://127.0.0.1:4999",
    );
    const back = await manu.form("/auth/authorize", { ...loopback.fields, decision });
    expect(back.status).toBe(303);
    const to = new URL(back.headers.get("location") ?? "");
    expect(to.origin + to.pathname).toBe(loopback.fields.redirect_uri);
    expect(to.searchParams.get("state")).toBe(loopback.fields.state);
    return { ...loopback, to, code: to.searchParams.get("code") ?? "" };
  }
  const redeem = (code: string, code_verifier: string, redirect_uri?: string) =>
    ask(polaris, {
      grant_type: "authorization_code",
      code,
      code_verifier,
      redirect_uri: redirect_uri ?? "http://127.0.0.1:4999/callback",
    });

  test("the code is good once, with its verifier and its redirect; shown again it signs the machine out", async () => {
    const { code, verifier } = await approve();
    const answer = TokenAnswer.parse(await (await redeem(code, verifier)).json());
    expect((await polaris.call("/me", { as: answer.access_token })).status).toBe(200);
    expect(await codeOf(await redeem(code, verifier))).toBe("invalid_grant");
    polaris.server.house.identify.forget();
    expect(await codeOf(await polaris.call("/me", { as: answer.access_token }))).toBe(
      "token_revoked",
    );
    expect(await audit("device.code_reused")).toHaveLength(2);
  });

  test("another program's verifier or redirect gets nothing, and spends the code", async () => {
    const one = await approve();
    const other = startLoopback();
    expect(await codeOf(await redeem(one.code, other.verifier))).toBe("invalid_grant");
    expect(await codeOf(await redeem(one.code, one.verifier))).toBe("invalid_grant");
    const two = await approve();
    const elsewhere = "http://127.0.0.1:5000/callback";
    expect(await codeOf(await redeem(two.code, two.verifier, elsewhere))).toBe("invalid_grant");
  });

  test("two that show the code at once: one machine at most", async () => {
    const { code, verifier } = await approve();
    const answers = await Promise.all(Array.from({ length: 10 }, () => redeem(code, verifier)));
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
  });

  test("a code is over after a minute", async () => {
    const { code, verifier } = await approve();
    await polaris.database.admin`update grants set expires_at = now() - interval '1 second'`;
    expect(await codeOf(await redeem(code, verifier))).toBe("invalid_grant");
  });

  test("a refusal goes back as a refusal", async () => {
    const { to } = await approve("deny");
    expect(to.searchParams.get("error")).toBe("access_denied");
    expect(to.searchParams.get("code")).toBeNull();
  });

  test.each([
    ["another host", { redirect_uri: "http://evil.example/callback" }],
    ["a host that begins like ours", { redirect_uri: "http://127.0.0.1:80@evil.example/callback" }],
    ["a name", { redirect_uri: "http://localhost:4999/callback" }],
    ["another path", { redirect_uri: "http://127.0.0.1:4999/else" }],
    ["https", { redirect_uri: "https://127.0.0.1:4999/callback" }],
    ["no port", { redirect_uri: "http://127.0.0.1/callback" }],
    ["a plain challenge", { code_challenge_method: "plain" }],
    ["no challenge", { code_challenge: "" }],
    ["no state", { state: "" }],
    ["another client", { client_id: "evil" }],
    ["a token at once", { response_type: "token" }],
  ])("%s is told on a page and never redirected to", async (_, wrong) => {
    const { fields } = startLoopback();
    const wish: Record<string, string> = { ...fields, ...wrong };
    const page = await manu.get(`/auth/authorize?${new URLSearchParams(wish)}`);
    expect(page.status).toBe(400);
    expect(page.headers.get("location")).toBeNull();
    const post = await manu.form("/auth/authorize", { ...wish, decision: "approve" });
    expect(post.status).toBe(400);
    expect(post.headers.get("location")).toBeNull();
  });

  test("nobody but a person in a browser lets a machine in, and no foreign page does it for them", async () => {
    const { fields, query } = startLoopback();
    const token = await polaris.call(`/auth/authorize${query}`, {});
    expect(token.status).toBe(403);
    const body = new URLSearchParams({ ...fields, decision: "approve" }).toString();
    const foreign = await polaris.call("/auth/authorize", {
      method: "POST",
      as: null,
      headers: { cookie: `polaris_session=${manu.secret}`, "sec-fetch-site": "cross-site" },
      body,
    });
    expect(foreign.status).toBe(403);
    const nobody = await polaris.call(`/auth/authorize${query}`, { as: null });
    expect(nobody.status).toBe(303);
    expect(nobody.headers.get("location")).toStartWith("/sign-in?next=%2Fauth%2Fauthorize");
  });
});

describe("refresh tokens are used once (F3)", () => {
  test("each renewal gives another; a stolen old one signs the whole device out at once", async () => {
    const first = await letIn(polaris, manu);
    const second = TokenAnswer.parse(await (await renew(polaris, first.refresh_token)).json());
    const third = TokenAnswer.parse(await (await renew(polaris, second.refresh_token)).json());
    expect((await polaris.call("/me", { as: third.access_token })).status).toBe(200);

    const stolenAt = performance.now();
    expect(await codeOf(await renew(polaris, first.refresh_token))).toBe("invalid_grant");
    await until(async () => (await polaris.call("/me", { as: third.access_token })).status === 401);
    const ms = performance.now() - stolenAt;
    expect(ms).toBeLessThan(1_500);
    console.log(`stolen refresh token: device out after ${Math.round(ms)} ms`);
    expect(await codeOf(await renew(polaris, third.refresh_token))).toBe("invalid_grant");
    const [row] = (await audit("device.token_reused")).slice(-1);
    expect(row).toMatchObject({ actor: "user:manu", target: first.device, address: "127.0.0.1" });
  });

  test("a lost answer may be asked for once more, for ten seconds, while nobody used it", async () => {
    const first = await letIn(polaris, manu);
    const lost = TokenAnswer.parse(await (await renew(polaris, first.refresh_token)).json());
    const again = TokenAnswer.parse(await (await renew(polaris, first.refresh_token)).json());
    expect(again.refresh_token).not.toBe(lost.refresh_token);
    const next = TokenAnswer.parse(await (await renew(polaris, again.refresh_token)).json());
    // The answer was not lost but stolen: whoever has it shows a token that is worth nothing, and both are out.
    expect(await codeOf(await renew(polaris, lost.refresh_token))).toBe("invalid_grant");
    expect(await codeOf(await renew(polaris, next.refresh_token))).toBe("invalid_grant");
  });

  test("a third showing, and a second after ten seconds, sign the device out", async () => {
    const one = await letIn(polaris, manu);
    for (let i = 0; i < 2; i++) expect((await renew(polaris, one.refresh_token)).status).toBe(200);
    expect(await codeOf(await renew(polaris, one.refresh_token))).toBe("invalid_grant");
    const two = await letIn(polaris, manu);
    const kept = TokenAnswer.parse(await (await renew(polaris, two.refresh_token)).json());
    await polaris.database.admin`
      update refresh_tokens set used_at = used_at - interval '11 seconds' where device_id = ${two.device} and used_at is not null`;
    expect(await codeOf(await renew(polaris, two.refresh_token))).toBe("invalid_grant");
    expect(await codeOf(await renew(polaris, kept.refresh_token))).toBe("invalid_grant");
  });

  test("a hundred thieves at once get no living token out of one refresh token", async () => {
    const first = await letIn(polaris, manu);
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => renew(polaris, first.refresh_token)),
    );
    const won = answers.filter(({ status }) => status === 200);
    expect(won.length).toBeLessThanOrEqual(2);
    for (const answer of won) {
      const { refresh_token } = TokenAnswer.parse(await answer.json());
      expect((await renew(polaris, refresh_token)).status).toBe(400);
    }
  });

  test("a machine unused for sixty days, or of somebody who left, signs in anew", async () => {
    const old = await letIn(polaris, manu);
    await polaris.database.admin`
      update refresh_tokens set expires_at = now() - interval '1 second' where device_id = ${old.device}`;
    expect(await codeOf(await renew(polaris, old.refresh_token))).toBe("invalid_grant");
    const krishna = await startPerson(polaris, { email: "krishna@example.com" });
    const theirs = await letIn(polaris, krishna);
    await polaris.database.admin`
      update memberships set removed_at = now() where user_id = ${krishna.user.id}`;
    await until(
      async () =>
        (await codeOf(await polaris.call("/me", { as: theirs.access_token }))) === "token_revoked",
    );
    expect(await codeOf(await renew(polaris, theirs.refresh_token))).toBe("invalid_grant");
  });

  test("what is stored opens nothing: hashes alone (F4)", async () => {
    const { refresh_token: refresh, access_token: access } = await letIn(polaris, manu);
    const rows = await polaris.database.admin`
      select to_json(t)::text as row from refresh_tokens t union all select to_json(d)::text from devices d
      union all select to_json(g)::text from grants g union all select to_json(a)::text from audit a`;
    expect(rows.length).toBeGreaterThan(10);
    for (const { row } of rows) {
      expect(row).not.toContain(refresh);
      expect(row).not.toContain(access);
      expect(row).not.toMatch(/pol_[a-z]_|eyJ/);
    }
  });
});

describe("codes cannot be guessed (F3, RFC 8628 §5.1)", () => {
  test("ten thousand guesses are refused, and the right code after them too", async () => {
    const priya = await startPerson(polaris, { email: "priya@example.com" });
    const asked = DeviceAnswer.parse(
      await (await post(polaris, "/auth/device", { device_name: "x" })).json(),
    );
    const statuses = new Map<number, number>();
    const letters = "BCDFGHJKLMNPQRSTVWXZ";
    for (let at = 0; at < 10_000; at += 500) {
      const batch = Array.from({ length: 500 }, (_, i) => {
        const guess = [...(at + i).toString(20).padStart(8, "0")]
          .map((digit) => letters[Number.parseInt(digit, 20)])
          .join("");
        return i % 2
          ? priya.get(`/auth/device?user_code=${guess}`)
          : priya.form("/auth/device/decision", { user_code: guess, decision: "approve" });
      });
      for (const { status } of await Promise.all(batch)) {
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    }
    expect(Object.fromEntries(statuses)).toEqual({ 404: 10, 429: 9_990 });
    const right = await priya.get(`/auth/device?user_code=${asked.user_code}`);
    expect(right.status).toBe(429);
    // Another person is not held up by it.
    expect((await manu.get(`/auth/device?user_code=${asked.user_code}`)).status).toBe(200);
  }, 60_000);

  test("a refused or forgotten code says so to the machine", async () => {
    const begin = async () =>
      DeviceAnswer.parse(await (await post(polaris, "/auth/device", { device_name: "x" })).json());
    const [one, two] = [await begin(), await begin()];
    const poll = (device_code: string) => ask(polaris, { grant_type: DEVICE_GRANT, device_code });
    await manu.form("/auth/device/decision", { user_code: one.user_code, decision: "deny" });
    expect(await codeOf(await poll(one.device_code))).toBe("access_denied");
    const late = await manu.form("/auth/device/decision", {
      user_code: one.user_code,
      decision: "approve",
    });
    expect(late.status).toBe(404);
    await polaris.database.admin`
      update grants set expires_at = now() - interval '1 second' where user_code is not null`;
    expect(await codeOf(await poll(two.device_code))).toBe("expired_token");
  });

  test.each([
    [{}, "unsupported_grant_type"],
    [{ grant_type: "password", username: "manu", password: "x" }, "unsupported_grant_type"],
    [{ grant_type: "refresh_token" }, "invalid_request"],
    [{ grant_type: "refresh_token", refresh_token: "pol_r_nothing" }, "invalid_grant"],
    [{ grant_type: "refresh_token", refresh_token: "' or 1=1 --" }, "invalid_grant"],
    [{ grant_type: DEVICE_GRANT, device_code: "pol_g_nothing" }, "invalid_grant"],
    [{ grant_type: "authorization_code", code: "x", code_verifier: "short" }, "invalid_request"],
  ])("%j is answered with OAuth's own word", async (body, code) => {
    const response = await ask(polaris, body as Record<string, string>);
    expect(response.status).toBe(400);
    expect(await codeOf(response)).toBe(code);
  });
});
