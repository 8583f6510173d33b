import { pause } from "../lib/backoff.ts";
import { PolarisError } from "../wire/error.ts";
import { DEVICE_GRANT, DeviceAnswer, TokenAnswer } from "../wire/token.ts";
import { call } from "./api.ts";

const TYPE = "application/x-www-form-urlencoded";

/** Signs in where no browser is (RFC 8628): a person types the code anywhere, we ask until they said yes. */
export async function byDevice(wish: {
  url: string;
  machine: string;
  show: (asked: { page: string; code: string }) => void;
  signal?: AbortSignal;
}): Promise<TokenAnswer> {
  const { url, machine, show, signal } = wish;
  const post = (path: string, fields: Record<string, string>) => ({
    method: "POST" as const,
    path,
    type: TYPE as typeof TYPE,
    body: new URLSearchParams(fields).toString(),
  });
  const asked = await call({ url }, post("/auth/device", { device_name: machine }), DeviceAnswer);
  show({ page: asked.verification_uri, code: asked.user_code });
  let interval = asked.interval;
  const end = Date.now() + asked.expires_in * 1000;
  while (Date.now() < end && !signal?.aborted) {
    await pause(interval * 1000, signal);
    const fields = { grant_type: DEVICE_GRANT, device_code: asked.device_code };
    try {
      return await call({ url }, post("/auth/token", fields), TokenAnswer);
    } catch (error) {
      if (!(error instanceof PolarisError)) throw error;
      if (error.code === "authorization_pending") continue;
      // §3.5: five seconds more, for this and all further questions; the same where the server is away.
      if (error.code !== "slow_down" && error.code !== "unreachable") throw error;
      interval += 5;
    }
  }
  throw new PolarisError("expired_token", "Nobody approved this machine in time.", {
    hint: "Begin again: polaris login --device",
  });
}
