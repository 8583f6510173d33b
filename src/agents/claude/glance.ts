/**
 * What a hook sees of its own call before anyone has read it: the agent session it is of, when nobody will read what it
 * is answered. The one that opens a session is told where its bell hangs, so it asks. Exactly as the recorder will read
 * it, or nothing: a key of that name may also stand deeper in the payload.
 */
export function glance(payload: string): string | undefined {
  try {
    const { session_id: session, hook_event_name: name } = JSON.parse(payload);
    return typeof session === "string" && isName(session) && name !== "SessionStart"
      ? session
      : undefined;
  } catch {
    return undefined;
  }
}

/** It becomes a file's: no path, and the same on every disk. (A program's first pattern costs 0.06 ms.) */
const isName = (text: string): boolean =>
  !text.includes("/") &&
  !text.includes(".") &&
  !text.includes("\0") &&
  text.toLowerCase() === text &&
  text !== "";
