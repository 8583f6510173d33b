import { z } from "zod";
import { call } from "../machine/api.ts";
import { paths } from "../machine/paths.ts";
import { currentServer } from "../machine/tokens.ts";
import { STATES } from "../wire/session.ts";
import { parse } from "./args.ts";
import { inkOf } from "./kit/ink.ts";
import { shown } from "./kit/shown.ts";

export const help = `
Lists the sessions you may see in all projects, the last active first; those that are over only with --state finished.

Usage: polaris sessions [options]

Options:
  --state LIST         only these: needs_human, working, idle, finished, failed, paused; several with commas
  --limit N            how many (default 50)
  --polaris-home DIR   (default: $POLARIS_HOME or ~/.polaris)
  --json               print the server's answer

Examples:
  polaris sessions
  polaris sessions --state needs_human,working --json
`;

const Answer = z.object({
  items: z.array(
    z.looseObject({
      project: z.string(),
      name: z.string(),
      state: z.enum(STATES),
      driver: z.string().nullable(),
      agent: z.string(),
      label: z.string().nullable(),
      title: z.string().nullable(),
      lastPrompt: z.string().nullable(),
    }),
  ),
  next: z.string().nullable(),
});

export async function run(args: string[]): Promise<void> {
  const { values } = parse({
    args,
    options: {
      state: { type: "string" },
      limit: { type: "string" },
      "polaris-home": { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const server = await currentServer(paths(values["polaris-home"]));
  const { state, limit } = values;
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries({ state, limit })) if (value) query.set(key, value);
  const page = await call(server, { path: `/sessions?${query}` }, Answer);
  if (values.json) return void console.log(JSON.stringify(page));
  const ink = inkOf(process.stdout);
  const rows = page.items.map((session) => ({
    name: `${session.project}/${session.name}`,
    state: session.state.replace("_", " "),
    who: `${session.driver ?? "open seat"} → ${session.agent}`,
    about: (session.label ?? session.title ?? session.lastPrompt ?? "").replace(/\s+/g, " "),
  }));
  const width = (pick: (row: (typeof rows)[number]) => string) =>
    Math.max(0, ...rows.map((row) => pick(row).length));
  const [names, states, people] = [
    width(({ name }) => name),
    width(({ state }) => state),
    width(({ who }) => who),
  ];
  for (const { name, state, who, about } of rows) {
    const tinted = state === "needs human" ? ink.amber(state.padEnd(states)) : state.padEnd(states);
    const left = `${name.padEnd(names)}  ${tinted}  ${who.padEnd(people)}`;
    console.log(`${left}  ${ink.dim(shown(about.slice(0, 60)))}`.trimEnd());
  }
  if (rows.length === 0) console.log("No session is at work.");
}
