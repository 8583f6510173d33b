/** Nothing that could be a path, and the same on every disk. */
const SESSION = /^[\da-z-]{1,64}$/;

/**
 * What a hook sees of its own call before anyone has read it: the agent session it is of, when nobody will read what it
 * is answered. The one that opens a session is told where its bell hangs, so it asks. Exactly as the recorder will read
 * it, or nothing: a key of that name may also stand deeper in the payload.
 */
export function glance(payload: string): string | undefined {
  try {
    const { session_id: session, hook_event_name: name } = JSON.parse(payload);
    const isOurs = typeof session === "string" && SESSION.test(session);
    return isOurs && name !== "SessionStart" ? session : undefined;
  } catch {
    return undefined;
  }
}
