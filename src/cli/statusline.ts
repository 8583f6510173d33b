import type { Line } from "../wire/local.ts";
import { polarisHome } from "./home.ts";

/** Asked several times a minute in every open session: a recorder that hangs must not be felt. */
const LIMIT_MS = 50;

export const help = `
Usage: polaris statusline < payload.json

Called by Claude Code, not by people. Prints one line: what is recorded of this session, and whether it reaches the
server. A status line that was there before polaris install is run first and shown above. Never fails.

Example:
  echo '{"session_id":"s1"}' | polaris statusline
`;

/** Imports nothing but its own path and never fails: what goes wrong reads as "not connected". */
export async function run(): Promise<void> {
  try {
    // A wrapped line that is ours again (an installation copied by hand) would call itself for ever.
    if (process.env.POLARIS_STATUSLINE) process.exit(0);
    const payload = await Bun.stdin.text();
    const [theirs, line] = await Promise.all([wrapped(payload), ask(sessionOf(payload))]);
    await Bun.write(Bun.stdout, theirs ? `${theirs.replace(/\s+$/, "")}\n${line}\n` : `${line}\n`);
  } catch {
    // Nothing could be read or written.
  }
  process.exit(0);
}

function sessionOf(payload: string): string {
  try {
    const parsed: unknown = JSON.parse(payload);
    return text(parsed, "session_id");
  } catch {
    return "";
  }
}

async function ask(session: string): Promise<string> {
  try {
    const answer = await fetch(`http://polaris/statusline?session=${encodeURIComponent(session)}`, {
      unix: `${polarisHome()}/daemon.sock`,
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    // Our own recorder, behind a door only its owner can open.
    return answer.ok ? drawn((await answer.json()) as Line) : "polaris: not connected";
  } catch {
    return "polaris: not connected";
  }
}

function drawn({ session, who, server, pending, update }: Line): string {
  const hints = [
    // While all is well a few events are always on their way.
    ...(pending > (server === "connected" ? 100 : 0) ? [` · ${pending} to send`] : []),
    ...(update ? [` · update ${update}: polaris update`] : []),
  ].join("");
  if (!session) return `polaris: not connected${hints}`;
  const name = `polaris: ${session.project}/${session.name}${who ? ` (${who})` : ""}`;
  return `${name} ${STATES[server]}${hints}`;
}

const STATES = {
  connected: "● connected",
  waiting: "○ waiting for the server",
  signed_out: "○ signed out",
} as const;

/** What the status line said that stood there before ours; its errors are nobody's business here. */
async function wrapped(payload: string): Promise<string> {
  const command = await theirs();
  if (!command) return "";
  const child = Bun.spawn(["/bin/sh", "-c", command], {
    stdin: Buffer.from(payload),
    stdout: "pipe",
    stderr: "ignore",
    env: { ...process.env, POLARIS_STATUSLINE: "1" },
  });
  // Claude Code ends a status line that is late; ours must not leave theirs behind.
  process.on("SIGTERM", () => {
    child.kill("SIGTERM");
    process.exit(0);
  });
  return await new Response(child.stdout).text();
}

async function theirs(): Promise<string> {
  const file = Bun.file(`${polarisHome()}/install.json`);
  let record: unknown;
  try {
    record = await file.json();
  } catch {
    return "";
  }
  const seats = field(record, "seats");
  if (!Array.isArray(seats)) return "";
  const folder = process.env.CLAUDE_CONFIG_DIR || `${process.env.HOME}/.claude`;
  const seat = seats.find((one: unknown) => text(one, "folder") === folder) ?? seats[0];
  return text(field(seat, "statusLine"), "command");
}

const field = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;

function text(value: unknown, name: string): string {
  const found = field(value, name);
  return typeof found === "string" ? found : "";
}
