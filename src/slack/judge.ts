/** What a failed call means: one row of the table in docs/slack.md for every word Slack has for "no". */
import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
} from "@slack/web-api";

export type Verdict =
  /** Again later; with `bucket`, nothing of the same bucket before that. */
  | { do: "later"; error: string; seconds: number; bucket: boolean }
  /** Slack may have done it: look before sending again. */
  | { do: "lookup"; error: string }
  /** Once: join the channel, say it in plain text, open a new thread, refresh the token. */
  | { do: "join" | "plain" | "rethread" | "refresh"; error: string }
  | { do: "stop-channel"; error: string; state: "paused" | "archived" | "gone" }
  | { do: "stop-workspace"; error: string; detail?: string }
  /** Slack has it that way already. */
  | { do: "done"; error: string }
  | { do: "drop"; error: string };

const TABLE: Record<string, Verdict["do"] | "archived" | "gone" | "paused"> = {
  ratelimited: "later",
  rate_limited: "later",
  service_unavailable: "later",
  request_timeout: "later",
  team_added_to_org: "later",
  fatal_error: "lookup",
  internal_error: "lookup",
  not_in_channel: "join",
  msg_too_long: "plain",
  invalid_blocks: "plain",
  invalid_blocks_format: "plain",
  msg_blocks_too_long: "plain",
  markdown_text_conflict: "plain",
  thread_not_found: "rethread",
  cannot_reply_to_message: "rethread",
  is_archived: "archived",
  is_inactive: "archived",
  channel_not_found: "paused",
  channel_is_archived: "archived",
  restricted_action: "paused",
  restricted_action_read_only_channel: "paused",
  restricted_action_thread_only_channel: "paused",
  restricted_action_non_threadable_channel: "paused",
  restricted_action_thread_locked: "paused",
  user_is_restricted: "paused",
  message_limit_exceeded: "paused",
  account_inactive: "stop-workspace",
  token_revoked: "stop-workspace",
  invalid_auth: "stop-workspace",
  not_authed: "stop-workspace",
  missing_scope: "stop-workspace",
  no_permission: "stop-workspace",
  org_login_required: "stop-workspace",
  ekm_access_denied: "stop-workspace",
  team_access_not_granted: "stop-workspace",
  access_denied: "stop-workspace",
  token_expired: "refresh",
  already_reacted: "done",
  no_reaction: "done",
  already_archived: "done",
};

export function judge(error: unknown): Verdict {
  if (error instanceof WebAPIRateLimitedError) {
    return { do: "later", error: "ratelimited", seconds: error.retryAfter, bucket: true };
  }
  if (error instanceof WebAPIHTTPError) {
    const word = `http_${error.statusCode}`;
    // 5xx may come after the effect; 4xx other than 429 says that nothing was understood.
    return error.statusCode >= 500 ? { do: "lookup", error: word } : { do: "drop", error: word };
  }
  if (error instanceof WebAPIRequestError) {
    const why = String(error.cause instanceof Error ? codeOf(error.cause) : (error.cause ?? ""));
    if (NEVER_LEFT.test(why))
      return { do: "later", error: "unreachable", seconds: 2, bucket: false };
    return { do: "lookup", error: why.includes("Timeout") ? "timeout" : "connection_lost" };
  }
  if (error instanceof WebAPIPlatformError) return platform(error);
  throw error;
}

/** The connection was never made, so that nothing can have happened. */
const NEVER_LEFT = /ConnectionRefused|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|FailedToOpenSocket|DNS/;

const codeOf = (error: Error): string =>
  "code" in error && error.code ? `${error.name} ${String(error.code)}` : error.name;

function platform({ data }: WebAPIPlatformError): Verdict {
  const { error } = data;
  const what = Object.hasOwn(TABLE, error) ? TABLE[error] : undefined;
  switch (what) {
    case "later":
      return { do: "later", error, seconds: 5, bucket: error.includes("limited") };
    case "archived":
    case "gone":
    case "paused":
      return { do: "stop-channel", error, state: what };
    case "stop-workspace": {
      const needed = "needed" in data ? String(data.needed) : "";
      return { do: "stop-workspace", error, ...(needed ? { detail: needed } : {}) };
    }
    case "lookup":
    case "join":
    case "plain":
    case "rethread":
    case "refresh":
    case "done":
      return { do: what, error };
    default:
      return { do: "drop", error };
  }
}
