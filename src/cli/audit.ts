import { verify } from "../core/verify.ts";
import { connect, type Place } from "../db/db.ts";
import { startEmbedded } from "../db/embedded.ts";
import { lockDataDir } from "../db/lock.ts";
import { silent } from "../lib/log.ts";
import { call } from "../machine/api.ts";
import { paths } from "../machine/paths.ts";
import { currentServer } from "../machine/tokens.ts";
import { type AuditChain, AuditPage, AuditReport, type AuditRow } from "../wire/audit.ts";
import { PolarisError } from "../wire/error.ts";
import { parse } from "./args.ts";
import { dataDirOf } from "./data-dir.ts";
import { configure } from "./kit/server-env.ts";
import { askRunning } from "./running.ts";
import { sinceOf } from "./since.ts";

export const help = `
Who did what that mattered, and whether that memory is whole.

Usage: polaris audit list [--actor WHO] [--action WHAT] [--target WHERE] [--since WHEN]
                          [--before N] [--limit N] [--json]
       polaris audit verify [--data-dir DIR] [--json]

"list" asks the server this machine is signed in to, newest first; it takes an admin.
"verify" runs on the server's own machine. It walks every organisation's chain of hashes and names the first row that was
changed or is missing; the exit code is then 1. Keep the printed head somewhere else: a chain whose end was cut off is
whole in itself, but has another head.

Options:
  --action WHAT        one act (project.renamed), or all of a noun (project)
  --since WHEN         90m, 36h, 7d, 2w, or a date
  --data-dir DIR       the server's (POLARIS_DATA_DIR, default ~/.polaris/server); or set DATABASE_URL
  --polaris-home DIR   where this machine's sign-in is kept (default: $POLARIS_HOME or ~/.polaris)

Examples:
  polaris audit list --action project.read
  polaris audit verify --json
`;

export async function run(args: string[]): Promise<void> {
  configure(args);
  const { values, positionals } = parse({
    args,
    allowPositionals: true,
    options: {
      actor: { type: "string" },
      action: { type: "string" },
      target: { type: "string" },
      since: { type: "string" },
      before: { type: "string" },
      limit: { type: "string" },
      "data-dir": { type: "string", default: dataDirOf(process.env) },
      "polaris-home": { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const [act] = positionals;
  if (act === "verify" && positionals.length === 1) {
    return report(await chains(values["data-dir"]), values.json);
  }
  if (act !== "list" || positionals.length !== 1) {
    throw new PolarisError("usage", "polaris audit list, or polaris audit verify?", {
      hint: "See polaris audit --help.",
    });
  }
  const server = await currentServer(paths(values["polaris-home"]));
  const { actor, action, target, before, limit } = values;
  const since = sinceOf(values.since);
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries({ actor, action, target, since, before, limit })) {
    if (value !== undefined) query.set(key, value);
  }
  const page = await call(server, { path: `/audit?${query}` }, AuditPage);
  if (values.json) return void console.log(JSON.stringify(page));
  for (const row of page.items) console.log(line(row));
  if (page.next) console.log(`more: --before ${page.next}`);
}

function line({ n, at, actor, action, target, detail, address }: AuditRow): string {
  const more = Object.keys(detail).length > 0 ? JSON.stringify(detail) : "";
  const parts = [String(n).padStart(6), at, actor, action, target, more, address];
  return parts.filter(Boolean).join("  ");
}

/** Asks the server that runs; else looks into the database itself. */
async function chains(dataDir: string): Promise<AuditChain[]> {
  try {
    return AuditReport.parse(await askRunning(dataDir, "/audit/verifications")).chains;
  } catch (error) {
    if (!(error instanceof PolarisError) || error.code !== "unreachable") throw error;
  }
  if (process.env.DATABASE_URL) return look({ url: process.env.DATABASE_URL });
  using _lock = lockDataDir(dataDir);
  await using database = await startEmbedded({ dataDir, log: silent });
  return await look(database.connection);
}

async function look(place: Place): Promise<AuditChain[]> {
  await using db = await connect(place, { max: 2 });
  return await verify(db);
}

function report(chains: AuditChain[], json: boolean): void {
  if (json) console.log(JSON.stringify({ chains }));
  else for (const chain of chains) console.log(sentence(chain));
  if (chains.some(({ broken }) => broken)) process.exitCode = 1;
}

function sentence({ org, rows, head, broken }: AuditChain): string {
  if (broken)
    return `${org}: row ${broken.n} ${broken.why === "missing" ? "is missing" : "was changed"}`;
  return `${org}: ${rows} rows, whole${head ? `, head ${head}` : ""}`;
}
