import { Elysia } from "elysia";
import { z } from "zod";
import * as grants from "../../core/grants.ts";
import { sentence } from "../../core/input.ts";
import * as refresh from "../../core/refresh.ts";
import { PolarisError } from "../../wire/error.ts";
import { DEVICE_GRANT, type DeviceAnswer, type TokenAnswer } from "../../wire/token.ts";
import { fieldsOf } from "../fields.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { NO_PARSE } from "./projects.ts";

/** Where machines come for tokens (RFC 6749, 7009, 8628). Secrets travel in bodies alone. */
export const tokenRoutes = (house: House) => {
  const { db, tokens, log } = house;

  async function exchange(fields: Record<string, string>, address: string | undefined) {
    const kind = fields.grant_type ?? "";
    if (!GRANTS.includes(kind)) {
      throw new PolarisError("unsupported_grant_type", "This is no grant type of this server.", {
        hint: `It knows ${GRANTS.join(", ")}.`,
      });
    }
    const asked = read(Asked, fields);
    if (asked.grant_type === "refresh_token") {
      return await refresh.rotate(db, asked.refresh_token, address);
    }
    if (asked.grant_type === "authorization_code") {
      const { code, code_verifier: verifier, redirect_uri: redirectUri } = asked;
      return await grants.redeem(db, { code, verifier, redirectUri, address });
    }
    return await grants.poll(db, { code: asked.device_code, address });
  }

  return new Elysia({ name: "tokens" })
    .use(guard(house))
    .post(
      "/auth/token",
      async ({ request, set }): Promise<TokenAnswer> => {
        set.headers["cache-control"] = "no-store";
        const address = house.addressOf(request);
        try {
          const grant = await exchange(await fieldsOf(request), address);
          const access = await tokens.sign(grant);
          return {
            access_token: access.token,
            token_type: "Bearer",
            expires_in: access.seconds,
            refresh_token: grant.refresh,
            participant: grant.participant,
            org: grant.org,
            device: grant.device,
          };
        } catch (error) {
          if (error instanceof PolarisError && error.code === "invalid_grant") {
            log.warn("token.refused", { reason: error.message, address });
          }
          throw error;
        }
      },
      { anyone: true, ...NO_PARSE },
    )
    .post(
      "/auth/device",
      async ({ request, set }): Promise<DeviceAnswer> => {
        set.headers["cache-control"] = "no-store";
        const { device_name: name } = read(Device, await fieldsOf(request));
        const address = house.addressOf(request);
        const { deviceCode, userCode } = await grants.openDevice(db, { name, address });
        const shown = `${userCode.slice(0, 4)}-${userCode.slice(4)}`;
        const page = `${house.publicUrl}/auth/device`;
        return {
          device_code: deviceCode,
          user_code: shown,
          verification_uri: page,
          verification_uri_complete: `${page}?user_code=${shown}`,
          expires_in: grants.DEVICE_SECONDS,
          interval: grants.INTERVAL_SECONDS,
        };
      },
      { anyone: true, ...NO_PARSE },
    )
    .post(
      "/auth/revoke",
      async ({ request }) => {
        const { token = "" } = await fieldsOf(request);
        await refresh.forget(db, token, house.addressOf(request));
        house.identify.forget();
        return { ok: true };
      },
      { anyone: true, ...NO_PARSE },
    );
};

const GRANTS = ["authorization_code", "refresh_token", DEVICE_GRANT];
const secret = z.string().min(1).max(200);

const Asked = z.discriminatedUnion("grant_type", [
  z.object({
    grant_type: z.literal("authorization_code"),
    code: secret,
    // RFC 7636 §4.1
    code_verifier: z.string().regex(/^[A-Za-z0-9._~-]{43,128}$/),
    redirect_uri: z.string().max(200),
  }),
  z.object({ grant_type: z.literal("refresh_token"), refresh_token: secret }),
  z.object({ grant_type: z.literal(DEVICE_GRANT), device_code: secret }),
]);

const Device = z.object({ device_name: z.string().trim().min(1).max(200).default("a machine") });

/** OAuth's own name for input that is not right. */
function read<T extends z.ZodType>(shape: T, fields: unknown): z.infer<T> {
  const parsed = shape.safeParse(fields);
  if (parsed.success) return parsed.data;
  throw new PolarisError("invalid_request", `The request is not right: ${sentence(parsed.error)}.`);
}
