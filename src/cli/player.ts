import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { pause } from "../lib/backoff.ts";
import { uuid5 } from "../lib/uuid.ts";

/**
 * Plays a recorded Claude Code session again the way it came: its hooks are run as processes, with the very commands
 * that `polaris install` wrote, and its transcript grows line by line. Ids and times are made new for each run, so that
 * it is a session of its own; texts stay as they were recorded.
 */
const Step = z.object({
  /** Milliseconds since the recording began. */
  t: z.number(),
  /** A hook and what it got on standard input … */
  hook: z.string().optional(),
  payload: z.record(z.string(), z.unknown()).optional(),
  /** … or a line of the transcript. */
  line: z.record(z.string(), z.unknown()).optional(),
});
export type Step = z.infer<typeof Step>;

export const stepsOf = (recording: string): Step[] =>
  recording
    .split("\n")
    .filter(Boolean)
    .map((line) => Step.parse(JSON.parse(line)));

const Hooks = z.object({
  hooks: z.record(
    z.string(),
    z.array(
      z.object({
        hooks: z.array(z.object({ command: z.string(), args: z.array(z.string()).optional() })),
      }),
    ),
  ),
});

export interface Stage {
  /** The home directory with the installed `.claude/skills/polaris`. */
  home: string;
  /** The directory the session is said to run in. */
  cwd: string;
  /** Gaps between steps are kept within these bounds, in milliseconds. */
  pace: { least: number; most: number };
  signal: AbortSignal;
}

/** Plays to the end or until the signal; answers how many hooks were run. */
export async function play(
  steps: Step[],
  stage: Stage,
): Promise<{ agentSession: string; hooks: number }> {
  const run = Bun.randomUUIDv7();
  const old = steps.find((step) => step.payload)?.payload;
  const agentSession = uuid5(run, String(old?.session_id));
  const transcript = join(
    stage.home,
    ".claude/projects",
    stage.cwd.replace(/[^a-z0-9]/gi, "-"),
    `${agentSession}.jsonl`,
  );
  mkdirSync(dirname(transcript), { recursive: true });
  const commands = installed(stage.home);
  // Agents give hooks the id of their process; each run is one process.
  const pid = String(100_000 + (Number.parseInt(run.slice(-4), 16) % 800_000));
  let hooks = 0;
  for (const [index, step] of steps.entries()) {
    if (stage.signal.aborted) break;
    if (step.line) {
      appendFileSync(transcript, `${renewed(JSON.stringify(step.line), run, stage.cwd)}\n`);
    } else if (step.hook && step.payload) {
      const payload: object = JSON.parse(renewed(JSON.stringify(step.payload), run, stage.cwd));
      const told = JSON.stringify({ ...payload, transcript_path: transcript, cwd: stage.cwd });
      for (const command of commands.get(step.hook) ?? []) {
        hooks++;
        await call(command, told, { home: stage.home, pid });
      }
    }
    const gap = (steps[index + 1]?.t ?? step.t) - step.t;
    await pause(Math.min(Math.max(gap, stage.pace.least), stage.pace.most), stage.signal);
  }
  return { agentSession, hooks };
}

function installed(home: string): Map<string, string[][]> {
  const text = readFileSync(join(home, ".claude/skills/polaris/hooks/hooks.json"), "utf8");
  const { hooks } = Hooks.parse(JSON.parse(text));
  return new Map(
    Object.entries(hooks).map(([event, groups]) => [
      event,
      groups.flatMap((group) =>
        // With `args` a command is started as it is; without, the agent gives it to a shell.
        group.hooks.map(({ command, args }) =>
          args ? [command, ...args] : ["/bin/sh", "-c", command],
        ),
      ),
    ]),
  );
}

async function call(
  command: string[],
  payload: string,
  { home, pid }: { home: string; pid: string },
) {
  const child = Bun.spawn(command, {
    stdin: Buffer.from(payload),
    stdout: "ignore",
    stderr: "ignore",
    env: { PATH: process.env.PATH ?? "/usr/bin:/bin", HOME: home, CLAUDE_PID: pid },
  });
  await child.exited;
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** New ids (the same old one becomes the same new one), today's time, this machine's folder. */
function renewed(json: string, run: string, cwd: string): string {
  const tag = run.slice(-12);
  return json
    .replace(UUID, (id) => uuid5(run, id))
    .replace(/\b(toolu|msg|req)_fake/g, `$1_${tag}`)
    .replace(/"timestamp":"[^"]*"/g, `"timestamp":"${new Date().toISOString()}"`)
    .replaceAll("/home/dev/project", cwd);
}
