/**
 * Acts of the audit in words that follow who did them: "krishna" + "changed how long it is kept". An act that has no
 * words here is shown by its own name; nothing is ever left out.
 */
export const DEEDS: Record<string, string> = {
  "project.read": "opened a private project of others",
  "project.renamed": "renamed the project",
  "project.visibility": "changed who sees the project",
  "project.advice": "changed who may advise",
  "project.tagged": "changed the tags",
  "project.retention": "changed how long it is kept",
  "project.pull_requests": "changed whether pull requests are told",
  "pull.asked": "asked to tell the pull request",
  "policy.changed": "changed what is masked and what is not",
  "project.archived": "archived the project",
  "project.restored": "took the project back",
  "project.deleted": "deleted the project",
  "project.member_added": "added a member to the project",
  "project.member_removed": "removed a member from the project",
  "events.removed": "removed events",
  "session.exported": "exported the session",
  "injection.queued": "sent advice",
  "injection.edited": "changed their advice",
  "injection.recalled": "took advice back",
  "driver.changed": "changed who drives",
  "advice.muted": "took no more advice",
  "advice.unmuted": "took advice again",
  "share.created": "made a link to the session",
  "share.revoked": "ended a link",
  "share.viewed": "opened a link",
  "member.joined": "joined",
  "member.left": "left",
  "member.removed": "removed a member",
  "member.role_changed": "changed a role",
  "invite.made": "made an invitation",
  "invite.revoked": "took an invitation back",
  "domain.added": "added a domain",
  "domain.removed": "removed a domain",
  "org.created": "made the organisation",
  "org.claimed": "claimed the organisation",
  "org.renamed": "renamed the organisation",
  "usage.by_person": "changed who sees figures by person",
  "audit.exported": "took a copy of the audit",
  "device.signed_in": "signed in",
  "device.signed_out": "signed out",
  "device.revoked": "signed a device out",
  "device.all_revoked": "signed out everywhere",
  "device.denied": "turned a device away",
  "device.code_reused": "was signed out: a used code was shown again",
  "device.token_reused": "was signed out: a used token was shown again",
  "token.created": "made an API token",
  "token.revoked": "revoked an API token",
  "agent.created": "made an agent",
  "agent.changed": "changed an agent",
  "agent.removed": "removed an agent",
  "agent.answered": "answered a message",
  "slack.connected": "connected Slack",
  "slack.reconnected": "reconnected Slack",
  "slack.disconnected": "disconnected Slack",
  "slack.app_set": "set the Slack app",
  "slack.changed": "changed how Slack tells it",
  "slack.channel_linked": "linked a channel",
  "slack.channel_anew": "asked for a new channel",
  "slack.channel_again": "had a channel tried again",
  "slack.linked": "said who somebody in Slack is",
  "webhook.created": "made a webhook",
  "webhook.removed": "removed a webhook",
};

export const deedOf = (action: string): string => DEEDS[action] ?? action;

/** The nouns, each with its acts: what a filter offers. */
export const NOUNS: readonly (readonly [noun: string, actions: readonly string[]])[] = [
  ...Map.groupBy(Object.keys(DEEDS), (action) => action.slice(0, action.indexOf("."))),
];

/** `from → to`, else `name: value` of each; nothing for what says nothing. */
export function detailOf(detail: Record<string, unknown>): string {
  const { from, to, ...rest } = detail;
  const change =
    "to" in detail ? ["from" in detail ? `${word(from)} → ${word(to)}` : word(to)] : [];
  const more = Object.entries(rest).flatMap(([key, value]) =>
    value === null || value === "" ? [] : [`${key}: ${word(value)}`],
  );
  return [...change, ...more].join(" · ");
}

function word(value: unknown): string {
  if (value === null || value === undefined || value === "") return "none";
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.map(word).join(", ");
  return JSON.stringify(value);
}
