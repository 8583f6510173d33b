/**
 * Tells systemd how a service stands (sd_notify(3)). Through the program `systemd-notify`, which is wherever systemd is:
 * Bun has no datagrams on unix sockets. Nothing happens where nobody asks (no NOTIFY_SOCKET).
 */
export function startNotify(env: Record<string, string | undefined> = process.env) {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: limit } = env;
  const say = async (...words: string[]): Promise<void> => {
    if (!socket) return;
    try {
      const command = ["systemd-notify", ...words];
      const child = Bun.spawn(command, { env: { ...env }, stdio: ["ignore", "ignore", "ignore"] });
      await child.exited;
    } catch {
      // No such program: then systemd hears nothing and says so itself.
    }
  };
  // Said twice in each span: a server whose loop stands still says nothing and is started anew.
  const everyMs = Number(limit ?? 0) / 1000 / 2;
  const beat =
    socket && everyMs >= 100 ? setInterval(() => void say("WATCHDOG=1"), everyMs) : undefined;
  beat?.unref();
  return {
    ready: () => say("--ready"),
    stopping: () => say("STOPPING=1"),
    [Symbol.dispose]: () => clearInterval(beat),
  };
}
