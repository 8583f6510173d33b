import { createPrivateKey, X509Certificate } from "node:crypto";
import { accessSync, constants, existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, resolve } from "node:path";
import { slackOf } from "../../../core/slack-apps.ts";
import { appChecks } from "../../../core/slack-check.ts";
import { shelfAt } from "../../../db/backup/shelf.ts";
import { open } from "../../../db/db.ts";
import { silent } from "../../../lib/log.ts";
import { startProvider } from "../../../server/oidc.ts";
import { providersOf } from "../../../server/providers.ts";
import { PolarisError } from "../../../wire/error.ts";
import { backupSettings } from "../backup-settings.ts";
import type { Answers } from "./questions.ts";

export interface Check {
  name: string;
  /** Throws when it is wrong; answers what it found. */
  run(): Promise<string>;
}

/** Everything that can be tested before anything is written. */
export function checksOf(answers: Answers, dataDir: string): Check[] {
  const checks: Check[] = [
    { name: "data directory", run: () => folder(dataDir) },
    { name: "address", run: () => address(answers) },
    { name: "database", run: () => database(answers.DATABASE_URL) },
  ];
  if (answers.POLARIS_TLS_CERT || answers.POLARIS_TLS_KEY) {
    checks.push({ name: "certificate", run: async () => certificate(answers) });
  }
  const { OIDC_ISSUER: issuer, GOOGLE_CLIENT_ID: google } = answers;
  if (issuer || google) checks.push({ name: "sign-in", run: () => signIn(answers) });
  if (SLACK.some((name) => answers[name])) {
    checks.push({ name: "Slack", run: () => slack(answers) });
  }
  if (answers.POLARIS_BACKUP_TO) checks.push({ name: "backups", run: () => backups(answers) });
  return checks;
}

async function folder(dataDir: string): Promise<string> {
  let at = resolve(dataDir);
  while (!existsSync(at)) at = dirname(at);
  try {
    accessSync(at, constants.W_OK);
    if (!statSync(at).isDirectory()) throw new Error("not a folder");
  } catch (cause) {
    throw wrong(`${at} cannot be written`, "Choose another folder, or run setup as root.", cause);
  }
  return dataDir;
}

async function address({
  POLARIS_HOST: host = "127.0.0.1",
  POLARIS_PORT: text = "4321",
  ...more
}: Answers) {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw wrong(`"${text}" is not a port`);
  const url = more.POLARIS_PUBLIC_URL;
  if (url && !/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : "")) {
    throw wrong(`"${url}" is not an address`, "Such as https://polaris.example.com.");
  }
  return `${host}:${port}${url ? ` as ${url}` : ""}`;
}

/** Whether something else listens there; not asked of a server that is only set up anew. */
export function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once("error", () => done(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => done(true)));
  });
}

async function database(url: string | undefined): Promise<string> {
  if (!url) return "our own PostgreSQL, in the data directory";
  const sql = open({ url }, { max: 1 });
  try {
    const [row] = await sql<{ version: string; number: number; may: boolean }[]>`
      select current_setting('server_version') as version,
        current_setting('server_version_num')::int as number,
        has_schema_privilege(current_schema(), 'create') as may`;
    if (!row?.may)
      throw wrong("this role may not make tables there", "It has to own the database.");
    if (row.number < 150_000) throw wrong(`PostgreSQL ${row.version} is too old`, "15 or newer.");
    return `PostgreSQL ${row.version}`;
  } catch (cause) {
    if (cause instanceof PolarisError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw wrong(
      `the database does not answer: ${why}`,
      "postgres://user:password@host:5432/database",
      cause,
    );
  } finally {
    await sql.close({ timeout: 2 });
  }
}

function certificate({
  POLARIS_TLS_CERT: cert = "",
  POLARIS_TLS_KEY: key = "",
  ...more
}: Answers): string {
  let found: X509Certificate;
  try {
    found = new X509Certificate(readFileSync(cert));
    if (!found.checkPrivateKey(createPrivateKey(readFileSync(key)))) {
      throw wrong("the key is not that of the certificate");
    }
  } catch (cause) {
    if (cause instanceof PolarisError) throw cause;
    throw wrong(
      `${cert} and ${key} cannot be read as certificate and key`,
      "Both as PEM files.",
      cause,
    );
  }
  const until = new Date(found.validTo);
  if (until.getTime() < Date.now()) throw wrong(`the certificate ended on ${found.validTo}`);
  const host = more.POLARIS_PUBLIC_URL ? new URL(more.POLARIS_PUBLIC_URL).hostname : undefined;
  if (host && !found.checkHost(host)) throw wrong(`the certificate is not for ${host}`);
  return `good until ${until.toISOString().slice(0, 10)}`;
}

/** Asks the provider for its own description, as the first sign-in would. */
async function signIn(answers: Answers): Promise<string> {
  const publicUrl = () => answers.POLARIS_PUBLIC_URL ?? "http://localhost:4321";
  const names = [];
  for (const settings of providersOf(answers)) {
    const provider = startProvider(settings, { publicUrl, log: silent });
    await provider.authorize({ state: "setup", nonce: "setup", verifier: "setup".repeat(10) });
    names.push(settings.name);
  }
  return `${names.join(", ")}; the provider needs ${publicUrl()}/auth/…/callback as a redirect address`;
}

/** The settings page's own self-test, as far as it goes before anybody has connected a workspace. */
async function slack(answers: Answers): Promise<string> {
  const { app, apiUrl } = slackOf(answers);
  if (!app) throw wrong("Slack takes the app's client ID too", "polaris slack prints how.");
  const found = await appChecks(app, apiUrl);
  const missed = found.filter(({ ok }) => !ok).map(({ says }) => says.replace(/\.$/, ""));
  if (missed.length > 0) throw wrong(missed.join("; "), '--slack-client-id "" goes without Slack.');
  return found.map(({ says }) => says).join(" ");
}

async function backups(answers: Answers): Promise<string> {
  const settings = backupSettings(answers);
  if (!settings) return "none";
  if (!settings.to.startsWith("s3://")) await folder(settings.to);
  const kept = await shelfAt(settings.to).list();
  return `${settings.to}, ${kept.length} there`;
}

const SLACK = ["SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_APP_TOKEN"];

const wrong = (message: string, hint = "", cause?: unknown): PolarisError =>
  new PolarisError("usage", message, { hint, cause });
