import { z } from "zod";
import type { Profile } from "../wire/local.ts";
import { call } from "./api.ts";

/** Ends the device on its server, within 5 s; false where the server could not be told, or the profile is an API token. */
export async function revoke({ url, refresh }: Profile): Promise<boolean> {
  if (!refresh) return false;
  const body = new URLSearchParams({ token: refresh }).toString();
  const type = "application/x-www-form-urlencoded";
  const request = { method: "POST", path: "/auth/revoke", type, body, timeoutMs: 5_000 } as const;
  try {
    return (await call({ url }, request, z.object({ ok: z.boolean() }))).ok;
  } catch {
    // Away, or not ours any more: here it is signed out all the same, and the caller says so.
    return false;
  }
}
