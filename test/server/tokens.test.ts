import { afterAll, beforeAll, describe, expect, test } from "bun:test";
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
  await polaris.database.admin`select * from audit where action = ${action} order by n`;

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
    expect(await audit("device.sign_in")).toHaveLength(1);

    // Replayed: whoever shows it again has stolen it, so what it became is signed out.
    expect(await codeOf(await ask(polaris, body))).toBe("invalid_grant");
    expect(await codeOf(await renew(polaris, answer.refresh_token))).toBe("invalid_grant");
  });
});
