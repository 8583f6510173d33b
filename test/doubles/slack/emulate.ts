/**
 * What `emulate` 0.12.2 (another team's idea of Slack, from its documentation) does not know, found by running it. These
 * methods the double answers itself in gateway mode; every other call is answered by `emulate`.
 */
export const HERE: Record<string, string> = {
  "apps.connections.open": "no Socket Mode",
  "apps.manifest.create": "no apps",
  "apps.manifest.validate": "no apps",
  "apps.manifest.export": "no apps",
  "apps.uninstall": "no apps",
  "auth.revoke": "no end of a token",
  "views.open": "takes only triggers of its own; those of what people press come over our socket",
  "chat.startStream": "no streams",
  "chat.appendStream": "no streams",
  "chat.stopStream": "no streams",
  "assistant.threads.setStatus": "no assistants",
  "assistant.threads.setTitle": "no assistants",
  "assistant.threads.setSuggestedPrompts": "no assistants",
  "agents.sessions.setStatus": "no agent sessions",
  "agents.sessions.rename": "no agent sessions",
};

/** What the double puts right in the answers of `emulate` on their way to the app. */
export const MENDED_HERE: Record<string, string> = {
  "conversations.list": "a deleted channel is left out: nobody can delete one there",
  "users.info": "who is a guest: everybody is a member there",
  "files.getUploadURLExternal": "the address leads here, so that the app knows one host",
  "every message": "a persona has `bot_id` and no `user` in events: there it keeps the bot's user",
};

/**
 * What `emulate` takes and Slack refuses, by Slack's reference: the double says no before `emulate` is asked
 * (`behind.ts`). A word that is not in this list is a word of `emulate`.
 */
export const REFUSED_HERE: Record<string, string> = {
  bad_client_secret: "a wrong secret is called `invalid_client_id`",
  account_inactive: "a token lives for ever there",
  not_in_channel: "asked of private channels only; Slack's bots must be in a public one too",
  channel_not_found: "nobody can delete a channel there",
  name_taken: "of a deleted channel, which it does not know",
  restricted_action: "a workspace there cannot keep apps from making channels",
  thread_not_found: "a reply to nothing is kept",
  invalid_blocks: "51 blocks and texts of any length are kept",
  msg_blocks_too_long: "blocks of any length are kept",
  msg_too_long: "an edit of any length is kept",
};
