import { call } from "../machine/api.ts";
import { paths } from "../machine/paths.ts";
import { currentServer } from "../machine/tokens.ts";
import { PolarisError } from "../wire/error.ts";
import { Found, type Hit } from "../wire/search.ts";
import { parse } from "./args.ts";
import { type Ink, inkOf } from "./kit/ink.ts";

export const help = `
Finds what was said and done in all sessions you may see: prompts, answers, commands, files.

Usage: polaris search WORDS [filters] [--limit N] [--cursor C] [--json]

Words: all of them; "a phrase"; -not; this or that; begun words and parts of names are found too.
Filters may be typed among the words (tool:bash) or given as options.

Options:
  --project SLUG   --session NAME   --from WHO       --agent WHICH   --branch NAME
  --kind KIND      --tool NAME      --file PATH      --since DAY     --until DAY
  --limit N        how many hits (default 20)
  --cursor C       the page after, as the answer before said it
  --polaris-home DIR   where this machine's sign-in is kept

Examples:
  polaris search 'signing key' --project shop
  polaris search '"connection refused" -test' --tool Bash --since 7d
  polaris search file:src/auth.ts --json
`;

const FILTERS = [
  "project",
  "session",
  "from",
  "agent",
  "branch",
  "kind",
  "tool",
  "file",
  "since",
  "until",
] as const;

export async function run(args: string[]): Promise<void> {
  // A word that begins with a dash is left out of what is found, unless it is an option's name.
  const { values, positionals } = parse({
    args: args.map((word) => (/^-[^-]/.test(word) ? `\u0000${word}` : word)),
    allowPositionals: true,
    options: {
      ...Object.fromEntries(FILTERS.map((name) => [name, { type: "string" as const }])),
      limit: { type: "string", default: "20" },
      cursor: { type: "string" },
      "polaris-home": { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const query = new URLSearchParams({ q: positionals.join(" ").replaceAll("\u0000", "") });
  for (const name of [...FILTERS, "limit", "cursor"]) {
    const value = Reflect.get(values, name);
    if (typeof value === "string") query.set(name, value);
  }
  if (!query.get("q") && !FILTERS.some((name) => query.has(name))) {
    throw new PolarisError("usage", "What should be found?", {
      hint: "See polaris search --help.",
    });
  }
  const server = await currentServer(paths(values["polaris-home"]));
  const found = await call(server, { path: `/search?${query}` }, Found);
  if (values.json) return void console.log(JSON.stringify(found));
  if (found.items.length === 0) return void console.log("Nothing found.");
  const ink = inkOf(process.stdout);
  for (const { project, name, title, agent, driver } of found.sessions) {
    const who = `${driver ?? "open seat"} → ${agent}`;
    console.log(`${project}/${name}  ${title ?? ""}  ${ink.dim(who)}`);
    for (const hit of found.items) {
      if (hit.project === project && hit.session === name) console.log(line(hit, server.url, ink));
    }
  }
  if (found.next) console.log(`more: --cursor ${found.next}`);
}

function line({ project, session, seq, at, kind, tool, text, marks }: Hit, url: string, ink: Ink) {
  const link = `${url}/app/p/${project}/s/${session}?before=${seq + 60}#e-${seq}`;
  const head = ink.dim(`  ${at.slice(0, 16).replace("T", " ")}  ${tool ?? kind}`);
  return `${head}  ${marked(text, marks, ink)}\n    ${ink.dim(link)}`;
}

/** What was found stands out where the terminal has colours. Control characters of a text do nothing to it. */
function marked(text: string, marks: Hit["marks"], ink: Ink): string {
  const safe = text.replaceAll(/\p{Cc}/gu, "\u00b7");
  let out = "";
  let at = 0;
  for (const [from, to] of marks) {
    if (from < at) continue;
    out += safe.slice(at, from) + ink.amber(safe.slice(from, to));
    at = to;
  }
  return out + safe.slice(at);
}
