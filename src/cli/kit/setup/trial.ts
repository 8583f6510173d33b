import { z } from "zod";
import type { Owner } from "../../../db/owner.ts";
import { PolarisError } from "../../../wire/error.ts";
import { ourselves } from "../plugin.ts";

const Ready = z.object({ url: z.string(), claimUrl: z.string().nullable(), database: z.string() });

/** Starts the server as it will be, asks whether it can serve, and stops it again. */
export async function trial(
  dataDir: string,
  owner: Owner | undefined,
): Promise<z.infer<typeof Ready>> {
  const child = Bun.spawn([...ourselves(), "serve", "--json", "--data-dir", dataDir], {
    ...owner,
    // What is written down must do alone: nothing of this shell's settings.
    env: { PATH: process.env.PATH ?? "", HOME: dataDir },
    cwd: process.cwd(),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const errors = new Response(child.stderr).text();
  try {
    let text = "";
    for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
      text += part;
      if (text.includes("\n")) break;
    }
    if (!text.includes("\n")) throw await failed(errors);
    const ready = Ready.parse(JSON.parse(text));
    const tls = { rejectUnauthorized: false };
    const answer = await fetch(`${ready.url}/readyz`, { tls, signal: AbortSignal.timeout(10_000) });
    if (!answer.ok) throw new PolarisError("unreachable", `The server answers ${answer.status}.`);
    return ready;
  } finally {
    child.kill("SIGTERM");
    await child.exited;
  }
}

async function failed(errors: Promise<string>): Promise<PolarisError> {
  const lines = (await errors).trim().split("\n");
  const last = lines.findLast((line) => !line.startsWith("{")) ?? lines.at(-1) ?? "";
  const found = z
    .object({ error: z.object({ message: z.string(), hint: z.string() }) })
    .safeParse(json(lines.at(-1) ?? ""));
  const { message, hint } = found.success ? found.data.error : { message: last, hint: "" };
  return new PolarisError("unreachable", `The server does not start: ${message}`, { hint });
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
