import { join } from "node:path";
import { z } from "zod";
import { browserOf, tokenBy } from "../helpers/owner.ts";
import { SECRET, type startMachine } from "../helpers/polaris.ts";
import { root } from "../helpers/service.ts";
import type { Slack } from "../helpers/slack.ts";
import { temporary } from "../helpers/temp.ts";

const Ready = z.object({ ready: z.literal(true), url: z.string(), claimUrl: z.string() });

/** Polaris as people run it, beside a Slack: processes of their own, from source or compiled. */
export async function startHouse(
  program: string[],
  slack: Slack,
  args: string[] = [],
  { POLARIS_SECRET = SECRET } = {},
) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(temporary("plrs-slack-"));
  const dataDir = join(folder.path, "server");
  const env: Record<string, string> = {
    HOME: folder.path,
    PATH: process.env.PATH ?? "",
    POLARIS_HOME: join(folder.path, "machine"),
    ...(POLARIS_SECRET ? { POLARIS_SECRET } : {}),
    SLACK_API_URL: slack.apiUrl,
    SLACK_CLIENT_ID: slack.clientId,
    SLACK_CLIENT_SECRET: slack.clientSecret,
    SLACK_APP_TOKEN: slack.appToken,
  };
  const run = (...words: string[]) => startProgram([...program, ...words], env);
  const server = stack.use(
    await run("serve", "--json", "--data-dir", dataDir, "--port", "0", ...args),
  );
  const { url, claimUrl } = Ready.parse(JSON.parse(server.line));
  const cookie = await browserOf(claimUrl);
  const browse = (path: string) =>
    fetch(new URL(path, url), { headers: { cookie }, redirect: "manual" });
  // A second person of the house, for what scripts do.
  const invite = await fetch(`${url}/orgs/invites`, {
    method: "POST",
    headers: { cookie, "sec-fetch-site": "same-origin", "content-type": "application/json" },
    body: JSON.stringify({ role: "admin", email: "krishna@example.com" }),
  });
  const { url: link } = z.object({ url: z.string() }).parse(await invite.json());
  const token = await tokenBy(link.replace(/^https?:\/\/[^/]+/, url));
  const owned = stack.move();
  return {
    url,
    env,
    dataDir,
    token,
    browse,
    server,
    /** `polaris bridge` on this server's database. */
    bridge: () => run("bridge", "--json", "--data-dir", dataDir),
    /** The same server once more, after it was stopped; the port may be another one. */
    again: (...more: string[]) =>
      run("serve", "--json", "--data-dir", dataDir, "--port", new URL(url).port, ...more),
    run: async (...words: string[]) => {
      const child = Bun.spawn([...program, ...words], { env, cwd: root, stdout: "pipe" });
      return new Response(child.stdout).text();
    },
    /** Presses Connect Slack and says yes. */
    async connect(): Promise<number> {
      const begun = await browse("/slack/connect");
      const yes = await fetch(begun.headers.get("location") ?? "", { redirect: "manual" });
      const { pathname, search } = new URL(yes.headers.get("location") ?? "");
      return (await browse(pathname + search)).status;
    },
    async say(machine: ReturnType<typeof startMachine>, ...texts: string[]): Promise<void> {
      const lines = [machine.head(), ...texts.map((text) => machine.line({ text }))];
      const response = await fetch(`${url}/ingest`, {
        method: "POST",
        headers: { "content-type": "application/x-ndjson", authorization: `Bearer ${token}` },
        body: lines.join("\n"),
      });
      if (!response.ok) throw new Error(`ingest: ${response.status} ${await response.text()}`);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A long-lived command; `line` is the first it said. */
export async function startProgram(command: string[], env: Record<string, string>) {
  const child = Bun.spawn(command, { env, cwd: root, stdout: "pipe", stderr: "pipe" });
  const words: string[] = [];
  void (async () => {
    for await (const part of child.stderr.pipeThrough(new TextDecoderStream())) words.push(part);
  })();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let line = "";
  while (!line.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`${command.join(" ")} ended: ${words.join("").slice(-2000)}`);
    line += value;
  }
  reader.releaseLock();
  const kill = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await child.exited;
  };
  return {
    line,
    pid: child.pid,
    log: () => words.join(""),
    kill,
    signal: (name: NodeJS.Signals) => child.kill(name),
    [Symbol.asyncDispose]: () => kill("SIGTERM"),
  };
}
