/**
 * What agents and people wrote, made harmless for Slack: it can neither call a channel together, nor show one address and
 * lead to another, nor hide text. Slack decides what is a mention by `<!…>`, `<@…>` and (with link_names) by the bare
 * word; a word joiner (U+2060) breaks all of them and is invisible to readers.
 */
const JOINER = "\u2060";

/** Control characters, and those that turn the direction of writing around (CVE-2021-42574), are for nobody to read. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
const UNSEEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g;

export const clean = (text: string): string =>
  text.replace(/\r\n?/g, "\n").replace(UNSEEN, "").toWellFormed();

const callsNobody = (text: string): string =>
  text.replace(/@(?=(channel|here|everyone|group)\b)/gi, `@${JOINER}`);

/** For `mrkdwn` and the fallback text: the three characters that Slack reads as its own. */
export const escaped = (text: string): string =>
  callsNobody(clean(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;"));

/**
 * One line of foreign text inside a sentence of ours: without line breaks, without the marks that would begin bold, code
 * or a quote.
 */
export const line = (text: string, limit = 280): string =>
  escaped(
    cut(clean(text).replace(/\s+/g, " ").trim(), limit).replace(/[*_~`]/g, (it) => JOINER + it),
  );

/** At most so many characters, never half of one, with a mark that something is missing. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return `${text
    .slice(0, limit - 1)
    .toWellFormed()
    .replace(/\ufffd$/, "")
    .trimEnd()}…`;
}

/** For a `markdown` block: standard Markdown stays, what only Slack reads goes. */
export const defuse = (text: string): string =>
  outsideCode(clean(text), honest)
    .replace(/(<|&lt;)(?=[!@#])/g, `$1${JOINER}`)
    .replace(/<(?=[^<>\n]*\|[^<>\n]*>)/g, `<${JOINER}`)
    .replace(/@(?=(channel|here|everyone|group)\b)/gi, `@${JOINER}`);

/** Applies to prose and leaves fenced blocks and code spans as they are. */
export function outsideCode(text: string, change: (prose: string) => string): string {
  return text
    .split(
      /(^ {0,3}(?:`{3,}|~{3,})[^\n]*\n[\s\S]*?(?:\n {0,3}(?:`{3,}|~{3,})[ \t]*(?=\n|$)|$(?![\s\S])))/m,
    )
    .map((piece, at) => (at % 2 === 1 ? piece : betweenSpans(piece, change)))
    .join("");
}

const betweenSpans = (text: string, change: (prose: string) => string): string =>
  text
    .split(/((?<!`)(?:`[^`\n]+`|``[^\n]+?``)(?!`))/)
    .map((piece, at) => (at % 2 === 1 ? piece : change(piece)))
    .join("");

const LINK =
  /!?\[((?:[^[\]]|\[[^[\]]*\])*)\]\(\s*<?([^\s()<>]*(?:\([^\s()]*\)[^\s()<>]*)*)>?(?:\s+["'(][^\n]*?["')])?\s*\)/g;

/** Links say where they lead; definitions of links elsewhere in the text are shown as what they are. */
const honest = (prose: string): string =>
  prose
    .replace(LINK, (whole, label: string, url: string) => {
      const target = hostOf(url);
      const shown = label.replace(/[*_~`]/g, "").trim();
      if (label.length > 300) return `${shown} (${url})`;
      if (target === undefined) return url ? `${shown} (\`${url.replaceAll("`", "")}\`)` : shown;
      const names = [...shown.matchAll(HOST)].map(([, host = ""]) => bare(host));
      if (names.some((name) => name !== target)) return `${shown} (${url})`;
      return whole.startsWith("!") ? whole.slice(1) : whole;
    })
    .replace(/^( {0,3})\[(?=[^\]\n]+\]:)/gm, "$1\\[");

const HOST = /(?:https?:\/\/)?((?:[\p{L}\p{N}-]+\.)+\p{L}{2,})(?![\p{L}\p{N}])/giu;

const bare = (host: string): string => host.toLowerCase().replace(/^www\./, "");

/** The host a link leads to; undefined for what is no web or mail address. */
function hostOf(url: string): string | undefined {
  const parsed = URL.parse(url);
  if (!parsed) return undefined;
  if (parsed.protocol === "mailto:") return bare(parsed.pathname.split("@")[1] ?? "");
  return /^https?:$/.test(parsed.protocol) ? bare(parsed.hostname) : undefined;
}
