import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Chain } from "../helpers/chain.ts";

export interface Printed {
  code: number;
  out: string;
  err: string;
  pid: number;
}

/** One `claude -p` of the real Claude Code, in a clean environment: the chain's home, no account, no network but the model's double. */
export async function print(
  chain: Chain,
  model: { url: string },
  { cwd, prompt, args = [] }: { cwd: string; prompt: string; args?: string[] },
): Promise<Printed> {
  const claude = process.env.POLARIS_TEST_CLAUDE ?? "";
  const flags = ["-p", "--permission-mode", "acceptEdits", "--allowedTools", "Bash"];
  const child = Bun.spawn([claude, ...flags, ...args, "--", prompt], {
    cwd,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: {
      PATH: process.env.PATH ?? "",
      HOME: chain.home,
      POLARIS_HOME: chain.place.home,
      TERM: "dumb",
      LANG: "C.UTF-8",
      ANTHROPIC_BASE_URL: model.url,
      ANTHROPIC_API_KEY: "fake",
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      DISABLE_TELEMETRY: "1",
      DISABLE_ERROR_REPORTING: "1",
      DISABLE_AUTOUPDATER: "1",
    },
    timeout: 60_000,
  });
  const texts = [child.stdout, child.stderr].map((stream) => new Response(stream).text());
  const [out = "", err = ""] = await Promise.all(texts);
  return { code: await child.exited, out, err, pid: child.pid };
}

const Installed = z.object({
  hooks: z.record(
    z.string(),
    z.array(
      z.object({
        hooks: z.array(
          z.looseObject({ command: z.string(), args: z.array(z.string()).optional() }),
        ),
      }),
    ),
  ),
});

/**
 * Installs as users do, then puts a counter before every installed hook: it notes the event's name and the messaging
 * token the client gave it, and goes on as the real one.
 */
export async function installCounted(chain: Chain) {
  await chain.polaris("install", "--home", chain.home);
  const file = join(chain.home, ".claude/skills/polaris/hooks/hooks.json");
  const counts = join(chain.folder, "hooks.counted");
  const tokens = join(chain.folder, "hooks.tokens");
  const counter = join(chain.folder, "counter.sh");
  writeFileSync(
    counter,
    `#!/bin/sh
echo "$1" >> '${counts}'
echo "$CLAUDE_CODE_MESSAGING_TOKEN" >> '${tokens}'
shift
exec "$@"
`,
  );
  chmodSync(counter, 0o755);
  const installed = Installed.parse(JSON.parse(readFileSync(file, "utf8")));
  for (const [event, groups] of Object.entries(installed.hooks)) {
    for (const hook of groups.flatMap((group) => group.hooks)) {
      if (hook.args) hook.args = [event, hook.command, ...hook.args];
      hook.command = hook.args ? counter : `${counter} ${event} ${hook.command}`;
    }
  }
  writeFileSync(file, JSON.stringify(installed));
  return {
    /** How often each event started a hook process. */
    counts: () => linesOf(counts).reduce(count, {}),
    /** The messaging tokens that hooks were given. */
    tokens: () => [...new Set(linesOf(tokens))].filter(Boolean),
  };
}

const count = (sums: Record<string, number>, name: string): Record<string, number> => ({
  ...sums,
  [name]: (sums[name] ?? 0) + 1,
});

const linesOf = (file: string): string[] =>
  existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
