import { join } from "node:path";
import { z } from "zod";
import { open as connect } from "../../src/db/db.ts";
import { type Connection, type EmbeddedOptions, startEmbedded } from "../../src/db/embedded.ts";
import { silent } from "../../src/lib/log.ts";

export const open = (connection: Connection) => connect(connection, { max: 4 });

/** Starts the embedded database and one pool of connections to it; both end together. */
export async function startDatabase(dataDir: string, options: Partial<EmbeddedOptions> = {}) {
  const database = await startEmbedded({ dataDir, log: silent, ...options });
  const sql = open(database.connection);
  return {
    ...database,
    sql,
    async [Symbol.asyncDispose]() {
      await sql.close({ timeout: 1 });
      await database[Symbol.asyncDispose]();
    },
  };
}

const Held = z.object({
  pid: z.number().optional(),
  connection: z
    .object({
      host: z.string(),
      port: z.number(),
      username: z.string(),
      password: z.string(),
      database: z.string(),
    })
    .optional(),
  progress: z.array(z.string()).default([]),
  code: z.string().optional(),
  message: z.string().optional(),
});

/** Another process that uses the data directory, and what it said once it was ready or had failed. */
export async function hold(dataDir: string) {
  const program = join(import.meta.dir, "../db/holder.ts");
  const child = Bun.spawn([process.execPath, program, dataDir], {
    stdout: "pipe",
    stderr: "inherit",
  });
  let text = "";
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.includes("\n")) break;
  }
  const kill = async () => {
    child.kill("SIGKILL");
    await child.exited;
  };
  return { ...Held.parse(JSON.parse(text)), kill, [Symbol.asyncDispose]: kill };
}
