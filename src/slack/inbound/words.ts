/** What people type in Slack as they meant it: entities read, links as their address, mentions as names. */
export function wordsOf(text: string, nameOf: (slackUser: string) => string): string {
  return text
    .replace(
      /<@([UW][A-Z0-9]+)(?:\|([^>]*))?>/g,
      (_, id: string, name?: string) => `@${name || nameOf(id)}`,
    )
    .replace(/<#[CG][A-Z0-9]+\|([^>]*)>/g, "#$1")
    .replace(/<!(?:subteam\^[A-Z0-9]+\|)?@?([a-z]+)(?:\|[^>]*)?>/g, "@$1")
    .replace(/<((?:https?|mailto|tel):[^|>]+)(?:\|([^>]*))?>/g, (_, url: string, label?: string) =>
      label && !url.includes(label) ? `${label} (${url})` : url.replace(/^(mailto|tel):/, ""),
    )
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .trim();
}

/** The people whom a text mentions. */
export const mentionedIn = (text: string): string[] =>
  [...text.matchAll(/<@([UW][A-Z0-9]+)/g)].map(([, id = ""]) => id);

export interface Address {
  /** `s-7a3f:` names a session; `@name` somebody who drives one, or an agent; a mention the same by Slack's id. */
  to: { session: string } | { name: string } | { slackUser: string } | undefined;
  text: string;
}

/** Whom a line in a channel is for: `s-7a3f: text`, `@s-7a3f text`, `@fxm text`, `@dean text`, `<@U…> text`. */
export function addressOf(raw: string, botUser: string): Address {
  const said = raw.replaceAll(new RegExp(`<@${botUser}(\\|[^>]*)?>`, "g"), "").trim();
  const mention = /^<@([UW][A-Z0-9]+)(?:\|[^>]*)?>[\s:,]*([\s\S]+)$/.exec(said);
  if (mention) return { to: { slackUser: mention[1] ?? "" }, text: mention[2] ?? "" };
  const session = /^@?(s-[0-9a-f]{4})(?:\s*[:,]\s*|\s+)([\s\S]+)$/i.exec(said);
  if (session) return { to: { session: (session[1] ?? "").toLowerCase() }, text: session[2] ?? "" };
  const name = /^@([a-z0-9][a-z0-9._-]*?)(?:\s*[:,]\s*|\s+)([\s\S]+)$/i.exec(said);
  if (name) return { to: { name: (name[1] ?? "").toLowerCase() }, text: name[2] ?? "" };
  const colon = /^([a-z0-9][a-z0-9._-]*):\s+([\s\S]+)$/.exec(said);
  if (colon) return { to: { session: colon[1] ?? "" }, text: colon[2] ?? "" };
  return { to: undefined, text: said };
}
