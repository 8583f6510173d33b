/** What to do about each of Slack's words for "no", for who looks at the dashboard. */
import type { SlackAct } from "../wire/team.ts";

export interface Remedy {
  /** What is wrong. */
  says: string;
  /** What mends it. */
  remedy: string;
}

/** What Slack says against an app's own id and secret. */
export const CREDENTIALS: Record<string, string> = {
  bad_client_secret: "The app's client secret is wrong: copy it again from Basic Information.",
  invalid_client_id: "The app's client id is wrong: copy it again from Basic Information.",
};

/** What it means that Slack refuses the app's connection. */
export const deafness = (word: string): Remedy =>
  word === "link_disabled"
    ? {
        says: "Socket Mode is switched off for the app: what people write in Slack does not arrive.",
        remedy: "Switch it on at api.slack.com, Socket Mode.",
      }
    : {
        says: `The app-level token is refused (${word}): what people write in Slack does not arrive.`,
        remedy:
          "At api.slack.com, Basic Information, App-Level Tokens, make one with connections:write, and enter it under Settings, Slack (or as SLACK_APP_TOKEN of the server).",
      };

const RECONNECT = "Connect Slack again under Settings, Slack.";
const OTHER = "Link another channel to the project, or let Polaris make a new one.";

const TABLE: Record<string, Remedy> = {
  secret_lost: {
    says: "What Slack gave is encrypted with another secret of this server.",
    remedy:
      "Bring back the POLARIS_SECRET it was stored under (as POLARIS_SECRET_PREVIOUS beside a new one), or enter the app once more and connect Slack again.",
  },
  account_inactive: {
    says: "The app was removed or switched off in the workspace.",
    remedy: RECONNECT,
  },
  token_revoked: { says: "The workspace took its permission back.", remedy: RECONNECT },
  token_expired: { says: "The token is over and could not be renewed.", remedy: RECONNECT },
  invalid_auth: { says: "Slack does not know the token.", remedy: RECONNECT },
  not_authed: { says: "Slack does not know the token.", remedy: RECONNECT },
  missing_scope: {
    says: "The app may not do everything that Polaris needs.",
    remedy:
      "Add the missing scopes at api.slack.com (OAuth & Permissions), then connect Slack again.",
  },
  org_login_required: {
    says: "The workspace moves into an organisation.",
    remedy: "Wait until Slack is done, then reconnect.",
  },
  team_access_not_granted: { says: "The app has no access to this workspace.", remedy: RECONNECT },
  is_archived: {
    says: "The channel is archived.",
    remedy: "Unarchive it in Slack, or let Polaris make a new one.",
  },
  channel_deleted: { says: "The channel was deleted in Slack.", remedy: OTHER },
  channel_not_found: {
    says: "Slack does not show the channel to Polaris: it was deleted, or is private.",
    remedy: `Invite Polaris into the channel (/invite @Polaris). ${OTHER}`,
  },
  not_in_channel: {
    says: "Polaris was sent out of the channel.",
    remedy: "Invite it again: /invite @Polaris in the channel.",
  },
  restricted_action: {
    says: "The workspace lets only some people make channels or write in this one.",
    remedy:
      "Make a channel yourself and link it to the project, or let an admin of the workspace allow apps to.",
  },
  message_limit_exceeded: {
    says: "The workspace has reached the message limit of its plan.",
    remedy: "See the plan of the workspace in Slack, then try again.",
  },
  name_taken: {
    says: "Every name that Polaris tried for the channel is taken in Slack.",
    remedy: "Make a channel yourself and link it to the project, or free a name and try again.",
  },
  no_permission: { says: "The app may not do this in the workspace.", remedy: RECONNECT },
  access_denied: { says: "The app may not do this in the workspace.", remedy: RECONNECT },
  ekm_access_denied: {
    says: "The workspace's own encryption keys are withdrawn for now.",
    remedy: "An admin of the workspace can give them back; then connect Slack again.",
  },
  user_is_restricted: {
    says: "The app is treated as a guest there, and may not do this.",
    remedy: OTHER,
  },
};

/** Which buttons help: `state` is the channel's, or "refused" for the workspace. */
export function actsOf(word: string, state: string): SlackAct[] {
  if (state === "refused") return ["reconnect", "settings"];
  if (state === "deaf") return ["settings"];
  if (state === "paused") {
    return word === "channel_not_found" ? ["again", "anew", "link"] : ["again", "link"];
  }
  return ["anew", "link"];
}

export function remedyOf(word: string): Remedy {
  const known = Object.hasOwn(TABLE, word) ? TABLE[word] : undefined;
  if (known) return known;
  if (word.startsWith("restricted_action")) return remedyOf("restricted_action");
  if (word === "is_inactive" || word === "channel_is_archived") return remedyOf("is_archived");
  if (word.startsWith("invalid_name")) return remedyOf("name_taken");
  return { says: `Slack says: ${word}.`, remedy: "Run the self-test under Settings, Slack." };
}
