import { backoff, pause } from "../lib/backoff.ts";
import { uuid7 } from "../lib/uuid.ts";
import { call, type Request, type Server } from "../machine/api.ts";
import { paths } from "../machine/paths.ts";
import { currentServer } from "../machine/tokens.ts";
import { PolarisError } from "../wire/error.ts";
import { Injection } from "../wire/injection.ts";
import { parse } from "./args.ts";
import { shown } from "./kit/shown.ts";
import { seatOf } from "./seat.ts";

export const help = `
Advises a running agent session, and tells whether the agent has read it.

Usage: polaris inject <project>/<session> <text…> [options]
       polaris inject <project>/<session> --recall ID

Each step of the receipt is printed as it happens: queued, delivered, seen. It ends there; --answer waits for the agent's
reply as well. What was not delivered says why, and the exit code is 1. With - as its text it reads standard input.

Options:
  --no-wait            only queue it
  --wait SECONDS       how long to wait for the receipt (default 60)
  --answer             wait until the agent has answered (for 10 minutes unless --wait says otherwise)
  --recall ID          take back what nobody has yet
  --polaris-home DIR   (default: $POLARIS_HOME or ~/.polaris)
  --json               print the injection as it stands at the end

Examples:
  polaris inject website/checkout-bug "The retry limit belongs into the config."
  polaris inject website/s-7a3f "Which test fails?" --answer
  git diff | polaris inject website/s-7a3f -
`;

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parse({
    args,
    allowPositionals: true,
    options: {
      "no-wait": { type: "boolean", default: false },
      wait: { type: "string" },
      answer: { type: "boolean", default: false },
      recall: { type: "string" },
      "polaris-home": { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const [where, ...words] = positionals;
  const { path } = seatOf(where);
  const waitMs = secondsOf(values.wait ?? (values.answer ? "600" : "60")) * 1000;
  const server = await currentServer(paths(values["polaris-home"]));
  const print = (text: string) => values.json || console.log(text);

  if (values.recall !== undefined) {
    const request: Request = { method: "DELETE", path: `${path}/injections/${values.recall}` };
    const recalled = await call(server, request, Injection);
    return void console.log(values.json ? JSON.stringify(recalled) : "Taken back.");
  }
  const text = words.length === 1 && words[0] === "-" ? await Bun.stdin.text() : words.join(" ");
  if (!text.trim()) {
    throw new PolarisError("usage", "What shall it say?", { hint: "See polaris inject --help." });
  }
  const startedAt = performance.now();
  let now = await send(server, `${path}/inject`, text);
  let told = "";
  for (;;) {
    const line = lineOf(now);
    if (line !== told) print(`${line.padEnd(32)} ${seconds(startedAt)}`.trimEnd());
    told = line;
    const isOver = values["no-wait"] || isSettled(now, values.answer);
    if (isOver || performance.now() - startedAt > waitMs) break;
    await pause(250);
    now = await look(server, `${path}/injections/${now.id}`, now);
  }
  if (values.json) console.log(JSON.stringify(now));
  if (now.answer) print(`\n${shown(now.answer)}`);
  if (now.reason) print(shown(now.reason));
  if (values["no-wait"]) return;
  const recall = `polaris inject ${where} --recall ${now.id}`;
  if (now.state === "queued") print(`It still waits. ${recall}`);
  if (now.state === "failed" && now.deliveredAt === null) print(`To take it back: ${recall}`);
  if (!["delivered", "seen", "answered"].includes(now.state)) process.exitCode = 1;
}

/** The id is ours, so that asking again after a lost answer sends nothing twice. */
async function send(server: Server, path: string, text: string): Promise<Injection> {
  const body = JSON.stringify({ id: uuid7(), text, via: "cli" });
  const wait = backoff({ firstMs: 200 });
  for (let attempt = 1; ; attempt++) {
    try {
      return await call(server, { method: "POST", path, body, timeoutMs: 10_000 }, Injection);
    } catch (error) {
      const passes = error instanceof PolarisError && error.status === 503;
      if (!passes || attempt === 4) throw error;
      await pause(wait.next());
    }
  }
}

/** A server that is away for a moment changes nothing about where it stands. */
async function look(server: Server, path: string, last: Injection): Promise<Injection> {
  try {
    return await call(server, { path, timeoutMs: 10_000 }, Injection);
  } catch (error) {
    if (error instanceof PolarisError && error.status === 503) return last;
    throw error;
  }
}

const isSettled = ({ state }: Injection, answer: boolean): boolean =>
  state === "answered" ||
  (state === "seen" && !answer) ||
  ["expired", "failed", "recalled"].includes(state);

function lineOf({ state, route }: Injection): string {
  if (state === "expired" || state === "failed") return "✗ not delivered";
  const words: Record<string, string> = {
    queued: "○ queued",
    delivered: `● delivered${route ? ` (${route})` : ""}`,
    seen: "✓ seen by the agent",
    answered: "✓ answered",
    recalled: "✗ taken back",
  };
  return words[state] ?? state;
}

const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;

function secondsOf(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new PolarisError("usage", `"${text}" is no number of seconds.`);
}
