import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writeCredentials } from "../../src/machine/credentials.ts";
import { paths } from "../../src/machine/paths.ts";
import { tokenBy } from "./owner.ts";
import { startMachine } from "./polaris.ts";
import { program, root, startService } from "./service.ts";

const Ready = z.object({ url: z.string(), claimUrl: z.string().nullable(), database: z.string() });

/** `polaris serve` as a process of its own on a data directory, and the program's other commands beside it. */
export function teamServer(folder: string, more: Record<string, string> = {}) {
  const dataDir = join(folder, "server");
  const env: Record<string, string> = {
    HOME: folder,
    PATH: process.env.PATH ?? "",
    POLARIS_HOME: join(folder, "machine"),
    POLARIS_DATA_DIR: dataDir,
    ...more,
  };
  const log = join(folder, "server.log");
  const service = startService({ args: () => ["serve", "--json", "--port", "0"], env, log });
  let url = "";
  let token = "";

  async function run(...args: string[]) {
    const child = Bun.spawn([...program, ...args], {
      env,
      cwd: root,
      stdout: "pipe",
      stderr: "pipe",
    });
    const texts = [child.stdout, child.stderr].map((stream) => new Response(stream).text());
    const [out = "", err = ""] = await Promise.all(texts);
    return { code: await child.exited, out, err };
  }
  const call = (path: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    if (!headers.has("authorization")) headers.set("authorization", `Bearer ${token}`);
    return fetch(`${url}${path}`, { ...init, headers });
  };
  return {
    dataDir,
    env,
    log,
    service,
    run,
    call,
    bearer: () => ({ authorization: `Bearer ${token}` }),
    /** Starts it; the first time it is claimed, and a token made. */
    async start() {
      const ready = Ready.parse(await service.start());
      url = ready.url;
      if (ready.claimUrl) token = await tokenBy(ready.claimUrl);
      return ready;
    },
    /** Signs the machine's own commands in, as a person does by polaris login. */
    signIn() {
      const profiles = { here: { url, token, participant: "user:manu" } };
      const { home, credentials } = paths(env.POLARIS_HOME);
      mkdirSync(home, { recursive: true, mode: 0o700 });
      writeCredentials(credentials, { current: "here", profiles });
    },
    /** Signs in by a one-time link; what it was before is forgotten. */
    async enter(link: string) {
      token = await tokenBy(link);
    },
    /** The answer to `--json`, or the words of the failure. */
    async json(...args: string[]): Promise<unknown> {
      const { code, out, err } = await run(...args, "--json");
      if (code !== 0) throw new Error(`polaris ${args[0]}: ${err}`);
      return JSON.parse(out);
    },
    /** Events of a new session, by a machine of their own. */
    async record(lines: Record<string, unknown>[], project = "demo", name = "s-0001") {
      const machine = startMachine({ project, name });
      const body = [machine.head(), ...lines.map((fields) => machine.line(fields))].join("\n");
      const headers = { "content-type": "application/x-ndjson" };
      const answer = await call("/ingest", { method: "POST", headers, body });
      if (!answer.ok) throw new Error(`ingest: ${answer.status} ${await answer.text()}`);
      return machine;
    },
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}
export type Team = ReturnType<typeof teamServer>;
