import { join } from "node:path";
import type { Recorder } from "./house.ts";

/** What Claude Code's hooks say, as it says it (2.1.329), for a session in the recorder's linked folder. */
export const SESSION = "5f0c3a52-6f5c-4f0e-9a3e-2d1f9c6b7a10";

export const transcriptOf = ({ folder }: Pick<Recorder, "folder">, session = SESSION): string =>
  join(folder, ".claude/projects/-shop", `${session}.jsonl`);

function payload(recorder: Recorder, name: string, fields: object, session = SESSION): string {
  return JSON.stringify({
    session_id: session,
    transcript_path: transcriptOf(recorder, session),
    cwd: recorder.work,
    prompt_id: crypto.randomUUID(),
    permission_mode: "default",
    hook_event_name: name,
    ...fields,
  });
}

export const sessionStart = (recorder: Recorder, session = SESSION): string =>
  payload(recorder, "SessionStart", { source: "startup", model: "claude-opus-4-1" }, session);

const WORDS = "Find why the discount is off by one cent when an order has more than ten items. ";

/** A fact that stands by itself: nothing in the transcript will tell it again. About 800 bytes, as prompts are. */
export const notice = (recorder: Recorder, session = SESSION): string =>
  payload(
    recorder,
    "Notification",
    { message: WORDS.repeat(6), notification_type: "permission_prompt" },
    session,
  );
