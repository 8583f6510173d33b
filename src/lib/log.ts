/** One JSON line per fact, on standard error. Never prompts, answers, file contents, tokens or addresses with secrets. */
export interface Log {
  info(event: string, fields?: Record<string, unknown>): void;
  warn(event: string, fields?: Record<string, unknown>): void;
  error(event: string, fields?: Record<string, unknown>): void;
}

export function startLog(
  room: string,
  write = (line: string) => void process.stderr.write(line),
): Log {
  const say =
    (level: string) =>
    (event: string, fields: Record<string, unknown> = {}) =>
      write(
        `${JSON.stringify({ time: new Date().toISOString(), level, room, event, ...fields })}\n`,
      );
  return { info: say("info"), warn: say("warn"), error: say("error") };
}

export const silent: Log = { info() {}, warn() {}, error() {} };

/** What an error may say in a log: its code or class and message, never its payload. */
export function brief(error: unknown): string {
  if (!(error instanceof Error)) return String(error).slice(0, 300);
  const code = "code" in error && typeof error.code === "string" ? `${error.code}: ` : "";
  return `${code}${error.message}`.slice(0, 300);
}
