import { PolarisError } from "../wire/error.ts";
import { errorOf } from "./api.ts";
import type { Paths } from "./paths.ts";

/** One request to the daemon over its socket. `T` is what wire/local.ts promises for the route. */
export async function ask<T>(
  place: Pick<Paths, "socket">,
  path: string,
  body?: unknown,
  timeoutMs = 10_000,
): Promise<T> {
  const response = await knock(place.socket, path, body, timeoutMs);
  const json: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw errorOf({ status: response.status, json });
  // Killed in the middle of it, or not ours.
  if (json === undefined) {
    throw new PolarisError("daemon_unreachable", "The recorder's answer broke off.", {
      hint: "Look at it: polaris status",
    });
  }
  // Our own daemon, behind a door only its owner can open.
  return json as T;
}

/** Whether a request that failed so may have been heard: there was a recorder, and then no answer. */
export const mayBeHeard = ({ code, cause }: PolarisError): boolean =>
  code === "daemon_unreachable" &&
  !(cause instanceof Error && UNHEARD.has(Reflect.get(cause, "code")));

/** No socket, or nobody behind it. */
const UNHEARD = new Set<unknown>(["ENOENT", "ECONNREFUSED"]);

async function knock(
  socket: string,
  path: string,
  body: unknown,
  timeoutMs: number,
): Promise<Response> {
  try {
    return await fetch(`http://polaris${path}`, {
      unix: socket,
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined
        ? {}
        : {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify(body),
          }),
    });
  } catch (error) {
    throw new PolarisError("daemon_unreachable", "The recorder does not answer.", {
      hint: "Start it: polaris daemon",
      cause: error,
    });
  }
}
