import { call } from "../machine/api.ts";
import { paths } from "../machine/paths.ts";
import { currentServer } from "../machine/tokens.ts";
import { Context } from "../wire/context.ts";
import { parse } from "./args.ts";
import { projectOf } from "./brief.ts";
import { shown } from "./kit/shown.ts";
import { personOf } from "./seat.ts";
import { sinceOf } from "./since.ts";

export const help = `
What has been said and done in a project's sessions: prompts, answers, tool calls, decisions, advice; the newest that fit.

Usage: polaris context <project> [options]

Options:
  --session NAME       only this session; --except NAME all but this one
  --person WHO         only what this person or agent said
  --after TIME         90m, 36h, 7d, 2w, or a date; --before TIME likewise
  --search WORDS       only what holds these words
  --budget TOKENS      how much at most, at 4 characters a token (default 1500)
  --cursor N           older than this, as the page before says
  --polaris-home DIR   (default: $POLARIS_HOME or ~/.polaris)
  --json               print the server's answer

Examples:
  polaris context website --session checkout-bug
  polaris context website --person user:priya --after 2h
`;

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parse({
    args,
    allowPositionals: true,
    options: {
      session: { type: "string" },
      except: { type: "string" },
      person: { type: "string" },
      after: { type: "string" },
      before: { type: "string" },
      search: { type: "string" },
      budget: { type: "string" },
      cursor: { type: "string" },
      "polaris-home": { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const project = projectOf(positionals[0] ?? "");
  const { session, except, person, search, budget, cursor } = values;
  const asked = {
    session,
    except,
    person: person === undefined ? undefined : personOf(person),
    after: sinceOf(values.after),
    before: sinceOf(values.before),
    q: search,
    budget,
    cursor,
  };
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(asked)) if (value !== undefined) query.set(key, value);
  const server = await currentServer(paths(values["polaris-home"]));
  const page = await call(server, { path: `/projects/${project}/context?${query}` }, Context);
  if (values.json) return void console.log(JSON.stringify(page));
  for (const item of page.items) {
    const { seq, at, session: name, sender, text } = item;
    console.log(`#${seq} ${at.slice(0, 16)} ${name} ${sender}: ${shown(text)}`);
  }
  if (page.next) console.log(`older: --cursor ${page.next}`);
}
