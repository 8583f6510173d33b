import type { Sample } from "../agent.ts";

const WORDS = "Find why the discount is off by one cent when an order has more than ten items. ";

/** What the hooks say that an agent waits for, in turn; the words differ, as people's do. */
export function sample({ session, folder, number }: Sample): string {
  const said = SAID[number === 0 ? 0 : 1 + (number % (SAID.length - 1))];
  return JSON.stringify({
    session_id: session,
    transcript_path: `${folder}/${session}.jsonl`,
    cwd: folder,
    prompt_id: `${session}-${number >> 2}`,
    permission_mode: "default",
    ...said?.(`${number} ${WORDS.repeat(1 + (number % 8))}`),
  });
}

const SAID: ((words: string) => object)[] = [
  () => ({ hook_event_name: "SessionStart", source: "startup", model: "claude-opus-4-1" }),
  (prompt) => ({ hook_event_name: "UserPromptSubmit", prompt }),
  (message) => ({ hook_event_name: "Notification", message, notification_type: "idle_prompt" }),
  (last_assistant_message) => ({
    hook_event_name: "Stop",
    stop_hook_active: false,
    last_assistant_message,
  }),
];
