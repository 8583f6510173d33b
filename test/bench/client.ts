import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../src/lib/until.ts";
import { FILE, type startModel } from "./model.ts";

type Model = Awaited<ReturnType<typeof startModel>>;

/** A home for the real Claude Code: no credentials, no first questions, nothing of this machine. */
export function makeHome(home: string, project: string): void {
  mkdirSync(join(home, ".claude"), { recursive: true });
  mkdirSync(project, { recursive: true });
  writeFileSync(join(project, FILE), "A short note.\n");
  const known = {
    hasCompletedOnboarding: true,
    projects: { [project]: { hasTrustDialogAccepted: true } },
  };
  writeFileSync(join(home, ".claude.json"), JSON.stringify(known));
}

/** Another program's hooks on the same events, the cheapest there can be. */
export function installTrue(home: string, events: string[]): void {
  const hook = { hooks: [{ type: "command", command: "/bin/true", args: [] }] };
  const hooks = Object.fromEntries(events.map((event) => [event, [hook]]));
  writeFileSync(join(home, ".claude/settings.json"), JSON.stringify({ hooks }));
}

export interface Client extends AsyncDisposable {
  /** Sends one prompt and waits for the end of its turn. */
  ask(calls: number): Promise<{ toModel: number; perCall: number[] }>;
}

/** One running client that is given prompts on standard input, so that its own start is not what is measured. */
export async function startClient(
  claude: string,
  home: string,
  project: string,
  model: Model,
): Promise<Client> {
  const stream = ["--input-format", "stream-json", "--output-format", "stream-json", "--verbose"];
  const child = Bun.spawn([claude, "-p", ...stream, "--allowedTools", "Read"], {
    cwd: project,
    env: {
      PATH: process.env.PATH ?? "",
      HOME: home,
      LANG: "C.UTF-8",
      ANTHROPIC_BASE_URL: model.url,
      ANTHROPIC_API_KEY: "fake",
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      DISABLE_TELEMETRY: "1",
      DISABLE_ERROR_REPORTING: "1",
      DISABLE_AUTOUPDATER: "1",
    },
    stdin: "pipe",
    stdout: "pipe",
    stderr: Bun.file(join(home, "stderr")),
  });
  let turns = 0;
  const reading = (async () => {
    const decoder = new TextDecoder();
    let text = "";
    for await (const part of child.stdout) {
      text += decoder.decode(part, { stream: true });
      const lines = text.split("\n");
      text = lines.pop() ?? "";
      turns += lines.filter((line) => line.includes('"type":"result"')).length;
    }
  })();
  let asked = 0;
  return {
    async ask(calls) {
      const prompt = `run-${crypto.randomUUID().slice(0, 8)}`;
      const content = `Read the note. ${prompt} calls=${calls}`;
      const began = performance.now();
      child.stdin.write(
        `${JSON.stringify({ type: "user", message: { role: "user", content } })}\n`,
      );
      await child.stdin.flush();
      asked++;
      await until(() => turns >= asked || child.exitCode !== null, {
        timeoutMs: 60_000,
        what: "the end of the turn",
      });
      const own = model.exchanges.filter((one) => one.prompt === prompt);
      const [first] = own;
      if (!first || own.length < calls + 1) throw new Error(`the client asked ${own.length} times`);
      const perCall = own.slice(1).map((one, at) => one.askedAt - (own[at]?.answeredAt ?? 0));
      return { toModel: first.askedAt - began, perCall };
    },
    async [Symbol.asyncDispose]() {
      await child.stdin.end();
      const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await child.exited;
      clearTimeout(late);
      await reading;
    },
  };
}
