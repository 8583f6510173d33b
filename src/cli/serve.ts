import { z } from "zod";
import { slackOf } from "../core/slack-apps.ts";
import { startLog } from "../lib/log.ts";
import { startNotify } from "../lib/notify.ts";
import { untilAskedToStop } from "../lib/shutdown.ts";
import { mailOf } from "../server/mail.ts";
import { providersOf, signUpOf } from "../server/providers.ts";
import { PolarisError } from "../wire/error.ts";
import { parse } from "./args.ts";
import { boot } from "./boot.ts";
import { dataDirOf } from "./data-dir.ts";
import { backupSettings } from "./kit/backup-settings.ts";
import { type Backups, startBackups } from "./kit/backups.ts";
import { certificateFiles, readPair, watchPair } from "./kit/certificate.ts";
import { configure } from "./kit/server-env.ts";
import { askRunning } from "./running.ts";
import { VERSION } from "./version.ts";

export const help = `
Run the Polaris server: API, live streams and dashboard in one process.

Usage: polaris serve [options]

  --host ADDRESS      listen here (POLARIS_HOST, default 127.0.0.1)
  --port NUMBER       0 takes any free port (POLARIS_PORT, default 4321)
  --data-dir DIR      database and keys (POLARIS_DATA_DIR, default ~/.polaris/server)
  --public-url URL    the address people use (POLARIS_PUBLIC_URL, default http://localhost:<port>)
  --claim             ask the running server for a new claim link while it has no owner, print it, and end
  --sign-in EMAIL     ask the running server for a link that signs this member in, print it, and end
  --rotate-secret     sign and encrypt with a new secret from now on: stored Slack tokens are encrypted anew, what the
                      old one signed stays good until the next rotation
  --no-bridge         do not post to Slack from this process; "polaris bridge" does
  --json              one line of JSON when ready, then logs on standard error

Who signs in how comes from the environment:
  GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET, GOOGLE_REDIRECT_URI     Google
  OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, OIDC_NAME, OIDC_REDIRECT_URI
                                                                  any other OpenID Connect provider
  POLARIS_SIGN_UP     invited (default), open, or domains: who may make an organisation unasked
  SMTP_URL, SMTP_FROM invitations are mailed as well
  SLACK_CLIENT_ID, SLACK_CLIENT_SECRET, SLACK_APP_TOKEN, SLACK_REDIRECT_URI
                      the Slack app of this server (polaris slack); organisations may bring their own
  SLACK_API_URL       another Slack: a double, a proxy
  POLARIS_TRUSTED_PROXIES  addresses whose X-Forwarded-* headers are believed

The secret that signs machines' tokens is POLARIS_SECRET (32 bytes or more; POLARIS_SECRET_PREVIOUS for the one before
it), else it is made once and kept in the data directory.

POLARIS_TLS_CERT and POLARIS_TLS_KEY (PEM files) make it speak https itself; renewed ones are taken up. "polaris setup" keeps all of these in
server.env of the data directory.

POLARIS_METRICS_TOKEN opens /metrics to Prometheus; POLARIS_METRICS=loopback to whoever calls from this machine (not
where a proxy runs beside the server). docs/metrics.md names what is in it.

POLARIS_BACKUP_TO (a folder or s3://bucket/prefix), POLARIS_BACKUP_EVERY (1d), POLARIS_BACKUP_KEEP (14) and
POLARIS_BACKUP_RECIPIENT (a key of age) back everything up by themselves; see "polaris backup --help".

Without DATABASE_URL the server runs its own PostgreSQL inside the data directory.

Examples:
  polaris serve
  polaris serve --port 8080 --data-dir /var/lib/polaris
  DATABASE_URL=postgres://polaris@db.internal/polaris polaris serve --host 0.0.0.0
  polaris serve --claim
`;

export async function run(args: string[]): Promise<void> {
  configure(args);
  const { values } = parse({
    args,
    options: {
      host: { type: "string", default: process.env.POLARIS_HOST ?? "127.0.0.1" },
      port: { type: "string", default: process.env.POLARIS_PORT ?? "4321" },
      "data-dir": { type: "string", default: dataDirOf(process.env) },
      "public-url": { type: "string" },
      "rotate-secret": { type: "boolean", default: false },
      claim: { type: "boolean", default: false },
      "sign-in": { type: "string" },
      "no-bridge": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const port = portOf(values.port);
  const dataDir = values["data-dir"];
  const publicUrl = (values["public-url"] ?? process.env.POLARIS_PUBLIC_URL)?.replace(/\/+$/, "");
  const email = values["sign-in"];
  if (values.claim || email) return printLink({ dataDir, json: values.json, email });

  const startedAt = performance.now();
  const say = values.json ? () => {} : (line: string) => console.log(line);
  const files = certificateFiles(process.env);
  const settings = backupSettings();
  let backups: Backups | undefined;
  const booted = await boot({
    dataDir,
    databaseUrl: process.env.DATABASE_URL || undefined,
    host: values.host,
    port,
    publicUrl,
    tls: files && readPair(files),
    rotateSecret: values["rotate-secret"],
    proxies: process.env.POLARIS_TRUSTED_PROXIES?.split(",").map((it) => it.trim()),
    entrance: {
      providers: providersOf(process.env),
      signUp: signUpOf(process.env),
      mail: mailOf(process.env),
      metrics: {
        token: process.env.POLARIS_METRICS_TOKEN || undefined,
        loopback: process.env.POLARIS_METRICS === "loopback",
      },
      backup: () => backups?.state() ?? { lastAt: undefined, bytes: 0, failures: 0 },
    },
    slack: { settings: slackOf(process.env), bridge: !values["no-bridge"] },
    log: startLog("server"),
    progress: (line) => say(`  ${line} …`),
  });
  await using server = booted;
  // Before anybody hears that it is ready: who asks it to stop at that very moment gets a clean end all the same.
  const asked = untilAskedToStop();
  await using stack = new AsyncDisposableStack();
  if (settings) backups = stack.use(startBackups(settings, { dataDir, log: startLog("backup") }));
  const claimUrl = await server.claimUrl();
  if (values.json) {
    const { url, database } = server;
    console.log(JSON.stringify({ ready: true, url, claimUrl, database, version: VERSION }));
  } else {
    say(
      `Polaris ${VERSION} serves ${server.publicUrl} (${seconds(startedAt)}, ${server.database} database)`,
    );
    if (claimUrl) {
      say(`  claim it  ${claimUrl}`);
      say("            once, within 15 minutes; polaris serve --claim prints another");
    }
    say(`  machines  polaris login --url ${server.publicUrl}`);
    say("  stop      Ctrl-C");
  }
  const { renew } = server;
  using _watch = files && watchPair(files, { renew, log: startLog("server") });
  using notify = startNotify();
  await notify.ready();
  await asked;
  void notify.stopping();
  say("Stopping: finishing what runs …");
}

const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new PolarisError("usage", `"${text}" is not a port.`, { hint: "Use 0 to 65535." });
}

const Claimed = z.object({ claimUrl: z.string() });
const Linked = z.object({ url: z.string() });

async function printLink({
  dataDir,
  json,
  email,
}: {
  dataDir: string;
  json: boolean;
  email: string | undefined;
}): Promise<void> {
  const path = `/auth/${email ? "links" : "claims"}`;
  const body = await askRunning(dataDir, path, email ? { email } : undefined);
  const url = email ? Linked.parse(body).url : Claimed.parse(body).claimUrl;
  console.log(json ? JSON.stringify(email ? { url } : { claimUrl: url }) : url);
}
