import type { ZodType } from "zod";
import { call, type Request } from "../machine/api.ts";
import { PolarisError } from "../wire/error.ts";
import type { Accounts, Place } from "./accounts.ts";

/** Asks the server that a place belongs to, in the name of this machine's person. */
export type Upstream = <T>(place: Place, request: Request, shape: ZodType<T>) => Promise<T>;

export function startUpstream(accounts: Accounts): Upstream {
  return async (place, request, shape) => {
    const account = accounts.of(place);
    if (!account) {
      throw new PolarisError("not_signed_in", "This machine is not signed in there.", {
        hint: "Sign in: polaris login",
      });
    }
    const asked = async (refused?: string) => {
      const token = await accounts.bearer(account.name, refused);
      try {
        return await call({ url: account.url, token }, { timeoutMs: 10_000, ...request }, shape);
      } catch (error) {
        // Revoked or run out meanwhile: once more with a new one.
        const isOld = error instanceof PolarisError && error.code.startsWith("token_");
        if (!isOld || refused !== undefined) throw error;
        return await asked(token);
      }
    };
    return await asked();
  };
}
