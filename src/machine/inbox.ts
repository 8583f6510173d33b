import { connect } from "node:net";

/** The socket of an agent session's inbox, as its children find it in their environment. */
export interface Inbox {
  path: string;
  token: string | undefined;
}

export function inboxOf(env: Readonly<Record<string, string | undefined>>): Inbox | undefined {
  const path = env.CLAUDE_CODE_MESSAGING_SOCKET;
  return path ? { path, token: env.CLAUDE_CODE_MESSAGING_TOKEN } : undefined;
}

/** The session reads at once; one that does not in this time hangs. */
const LIMIT_MS = 5_000;

/**
 * Writes one message into a session's inbox (Claude Code 2.1.224 and later; the form of its lines is in its own debug
 * log). `session` is the guard: another session in the same process drops the message. Nothing is answered: whether it
 * was read is seen in the transcript. Rejects only when nothing can have been read.
 */
export function post(
  inbox: Inbox,
  { from, session, content }: { from: string; session: string; content: string },
): Promise<void> {
  const auth = inbox.token ? [{ type: "auth", token: inbox.token }] : [];
  const message = { role: "user", content };
  const lines = [...auth, { type: "user", from, session_id: session, message }];
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  return new Promise((resolve, reject) => {
    let isSent = false;
    const socket = connect(inbox.path);
    // From here on some of it may have been read, whatever happens then.
    socket.once("connect", () => {
      isSent = true;
      socket.end(text);
    });
    socket.setTimeout(LIMIT_MS, () => socket.destroy());
    socket.once("error", (error) => (isSent ? resolve() : reject(error)));
    socket.once("close", () => (isSent ? resolve() : reject(new Error("the inbox did not open"))));
    socket.resume();
  });
}
