/** @jsxImportSource preact */
/**
 * Markdown as elements, never as markup: the tokens of `marked` become Preact nodes one by one, so that no text of a
 * model or a person is ever parsed as HTML. Raw HTML is shown as the text it is; images are named and not loaded
 * (an address would tell its owner who reads); links go to http, https and mailto only.
 */
import { lexer, type Token, type Tokens } from "marked";
import type { ComponentChildren } from "preact";
import { Code } from "./code.tsx";

/** Beyond this a text is shown as it is: parsing would hold the page for more than a few frames. */
const MOST = 200_000;

export function Markdown({ text }: { text: string }) {
  const tokens = text.length > MOST ? undefined : parse(text);
  if (!tokens) return <pre class="plain">{text}</pre>;
  return <div class="prose">{outlined(tokens)}</div>;
}

/** Absurd nesting overflows the parser's stack; the text is then shown plainly. */
function parse(text: string): Token[] | undefined {
  try {
    return lexer(text, { gfm: true });
  } catch {
    return undefined;
  }
}

const blocks = (tokens: Token[] | undefined): ComponentChildren => tokens?.map(block);

function block(token: Token): ComponentChildren {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading":
      return heading(token as Tokens.Heading);
    case "paragraph":
      return <p>{inlines(token.tokens)}</p>;
    case "code":
      return <Code text={(token as Tokens.Code).text} lang={(token as Tokens.Code).lang ?? ""} />;
    case "blockquote":
      return <blockquote>{blocks(token.tokens)}</blockquote>;
    case "list":
      return list(token as Tokens.List);
    case "table":
      return table(token as Tokens.Table);
    case "hr":
      return <hr />;
    case "text":
      return token.tokens ? inlines(token.tokens) : decode((token as Tokens.Text).text);
    case "html":
      return <p class="raw-text">{token.raw.trimEnd()}</p>;
    default:
      return inline(token);
  }
}

const inlines = (tokens: Token[] | undefined): ComponentChildren => tokens?.map(inline);

function inline(token: Token): ComponentChildren {
  switch (token.type) {
    case "text":
      return token.tokens ? inlines(token.tokens) : decode((token as Tokens.Text).text);
    case "escape":
      return (token as Tokens.Escape).text;
    case "strong":
      return <strong>{inlines(token.tokens)}</strong>;
    case "em":
      return <em>{inlines(token.tokens)}</em>;
    case "del":
      return <del>{inlines(token.tokens)}</del>;
    case "codespan":
      return <code>{(token as Tokens.Codespan).text}</code>;
    case "br":
      return <br />;
    case "link":
      return link((token as Tokens.Link).href, inlines(token.tokens));
    case "image":
      return link((token as Tokens.Image).href, `[image: ${(token as Tokens.Image).text}]`);
    case "checkbox":
      return null;
    default:
      return token.raw;
  }
}

/**
 * The page's title is its only first level, and an answer may begin with any: the outline is kept without gaps, so
 * that readers who jump by headings find their way.
 */
function outlined(tokens: Token[]): ComponentChildren {
  let last = 1;
  return tokens.map((token) => {
    if (token.type !== "heading") return block(token);
    last = Math.min((token as Tokens.Heading).depth + 1, last + 1, 4);
    return heading(token as Tokens.Heading, last);
  });
}

function heading({ tokens }: Tokens.Heading, level = 2): ComponentChildren {
  const words = inlines(tokens);
  if (level === 2) return <h2>{words}</h2>;
  return level === 3 ? <h3>{words}</h3> : <h4>{words}</h4>;
}

function list({ ordered, start, items }: Tokens.List): ComponentChildren {
  const rows = items.map((item) => (
    <li class={item.task ? "task" : undefined}>
      {item.task ? (item.checked ? "☑ " : "☐ ") : null}
      {blocks(item.tokens)}
    </li>
  ));
  if (!ordered) return <ul>{rows}</ul>;
  return <ol start={typeof start === "number" ? start : 1}>{rows}</ol>;
}

function table({ header, rows }: Tokens.Table): ComponentChildren {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls sideways and must do so by keyboard too
    <section class="wide" tabIndex={0} aria-label="Table">
      <table>
        <thead>
          <tr>
            {header.map((cell) => (
              <th scope="col" class={cell.align ? `align-${cell.align}` : undefined}>
                {inlines(cell.tokens)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr>
              {row.map((cell) => (
                <td class={cell.align ? `align-${cell.align}` : undefined}>
                  {inlines(cell.tokens)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function link(href: string, words: ComponentChildren): ComponentChildren {
  const safe = address(href);
  if (!safe) return <span class="dead-link">{words}</span>;
  return (
    <a href={safe} rel="noopener noreferrer nofollow" target="_blank">
      {words}
    </a>
  );
}

function address(href: string): string | undefined {
  const url = URL.canParse(href) ? new URL(href) : undefined;
  return url && ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : undefined;
}

const ENTITIES: Record<string, string> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#39;": "'",
  "&nbsp;": "\u00a0",
};

/** The entities people and models really write; they come out as characters, never as markup. */
function decode(text: string): string {
  return text.replace(/&(?:amp|lt|gt|quot|#39|nbsp);/g, (entity) => ENTITIES[entity] ?? entity);
}
