import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { errorOf } from "../machine/api.ts";
import { PolarisError } from "../wire/error.ts";

/** What a running server notes beside its lock: its address, and a key that only its user can read. */
const Note = z.object({ url: z.string(), key: z.string() });

/** Asks the server that runs on this data directory, as its own machine. Throws `unreachable` when there is none. */
export async function askRunning(dataDir: string, path: string, body?: unknown): Promise<unknown> {
  const absent = (cause: unknown) =>
    new PolarisError("unreachable", `No server runs on ${dataDir}.`, {
      hint: "Start it with polaris serve, or name its --data-dir.",
      cause,
    });
  let note: z.infer<typeof Note>;
  try {
    note = Note.parse(JSON.parse(readFileSync(join(dataDir, "server.json"), "utf8")));
  } catch (cause) {
    throw absent(cause);
  }
  const request = {
    method: "POST",
    headers: { authorization: `Bearer ${note.key}` },
    // This machine's own server, found through a file of its own: its certificate is for another name.
    tls: { rejectUnauthorized: false },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  const response = await fetch(`${note.url}${path}`, request).catch((cause: unknown) => {
    throw absent(cause);
  });
  const json: unknown = await response.json();
  if (!response.ok) throw errorOf({ status: response.status, json });
  return json;
}
