import * as clack from "@clack/prompts";
import { PolarisError } from "../../../wire/error.ts";
import { type Answers, slackLink } from "./questions.ts";

/** Ctrl-C anywhere: nothing was written yet, so nothing is to be undone. */
export class Stopped extends Error {}

async function answered<T>(question: Promise<T>): Promise<Exclude<T, symbol>> {
  const answer = await question;
  if (isAnswer(answer)) return answer;
  throw new Stopped("stopped");
}

const isAnswer = <T>(answer: T): answer is Exclude<T, symbol> => !clack.isCancel(answer);

const text = (message: string, value = "", placeholder = "") =>
  answered(clack.text({ message, placeholder, initialValue: value, defaultValue: "" })).then((it) =>
    it.trim(),
  );

const secret = async (message: string, value = "") =>
  (await answered(clack.password({ message: value ? `${message} (Enter keeps it)` : message }))) ||
  value;

const choose = <T extends string>(
  message: string,
  options: Record<T, string>,
  initial: NoInfer<T>,
): Promise<T> =>
  answered(
    clack.select<string>({
      message,
      initialValue: initial,
      options: Object.entries<string>(options).map(([value, label]) => ({ value, label })),
    }),
  ).then((it) => it as T);

export const which = (): Promise<"server" | "machine"> =>
  choose(
    "What shall this be?",
    {
      server: "a team server",
      machine: "a developer's machine that joins a server",
    },
    "server",
  );

export const serverUrl = (): Promise<string> => text("Which server?", "http://localhost:4321");

/** The server's questions, with what is in force as the suggestion. */
export async function askServer(now: Answers): Promise<Answers> {
  const given: Answers = {};
  const tls = await choose(
    "How do people reach it?",
    {
      local: "on this machine alone, for now",
      proxy: "through a reverse proxy with TLS (Caddy, nginx …)",
      own: "directly, with a certificate of its own",
    },
    now.POLARIS_TLS_CERT ? "own" : now.POLARIS_TRUSTED_PROXIES ? "proxy" : "local",
  );
  given.POLARIS_PORT = await text("Port to listen on", now.POLARIS_PORT ?? "4321");
  given.POLARIS_HOST = tls === "own" ? "0.0.0.0" : (now.POLARIS_HOST ?? "127.0.0.1");
  given.POLARIS_PUBLIC_URL =
    tls === "local"
      ? ""
      : await text("Address people use", now.POLARIS_PUBLIC_URL, "https://polaris.example.com");
  given.POLARIS_TRUSTED_PROXIES =
    tls === "proxy"
      ? await text("Address of the proxy", now.POLARIS_TRUSTED_PROXIES ?? "127.0.0.1")
      : "";
  given.POLARIS_TLS_CERT =
    tls === "own" ? await text("Certificate (PEM file)", now.POLARIS_TLS_CERT) : "";
  given.POLARIS_TLS_KEY =
    tls === "own" ? await text("Its key (PEM file)", now.POLARIS_TLS_KEY) : "";

  const database = await choose(
    "Which database?",
    { embedded: "its own, in the data directory", external: "a PostgreSQL of yours" },
    now.DATABASE_URL ? "external" : "embedded",
  );
  given.DATABASE_URL =
    database === "external"
      ? await secret("Its address, postgres://…", now.DATABASE_URL)
      : "embedded";

  Object.assign(given, await askSignIn(now), await askSlack({ ...now, ...given }));
  given.POLARIS_BACKUP_TO = await text(
    "Back up to (folder or s3://bucket/prefix; empty: not by itself)",
    now.POLARIS_BACKUP_TO,
  );
  return given;
}

async function askSignIn(now: Answers): Promise<Answers> {
  const way = await choose(
    "How do people sign in?",
    {
      link: "by links (a provider can follow later)",
      google: "Google",
      oidc: "another OpenID Connect provider",
    },
    now.OIDC_ISSUER ? "oidc" : now.GOOGLE_CLIENT_ID ? "google" : "link",
  );
  const given: Answers = {
    GOOGLE_CLIENT_ID: "",
    GOOGLE_CLIENT_SECRET: "",
    OIDC_ISSUER: "",
    OIDC_CLIENT_ID: "",
  };
  if (way === "google") {
    given.GOOGLE_CLIENT_ID = await text("Client ID", now.GOOGLE_CLIENT_ID);
    given.GOOGLE_CLIENT_SECRET = await secret("Client secret", now.GOOGLE_CLIENT_SECRET);
  }
  if (way === "oidc") {
    given.OIDC_ISSUER = await text("Issuer", now.OIDC_ISSUER, "https://id.example.com");
    given.OIDC_CLIENT_ID = await text("Client ID", now.OIDC_CLIENT_ID);
    given.OIDC_CLIENT_SECRET = await secret("Client secret (empty: none)", now.OIDC_CLIENT_SECRET);
  }
  return given;
}

async function askSlack(now: Answers): Promise<Answers> {
  const wants = await answered(
    clack.confirm({ message: "Connect Slack now?", initialValue: Boolean(now.SLACK_CLIENT_ID) }),
  );
  if (!wants) return {};
  // Plain, in one piece: a frame around it would break it, and it is there to be clicked or copied.
  console.log(`
The app is made by Slack's own page, everything filled in. Open, choose the workspace, press Create:

${slackLink(now)}

Basic Information there has the client ID and secret; App-Level Tokens: one with connections:write.
`);
  return {
    SLACK_CLIENT_ID: await text("Slack app's client ID", now.SLACK_CLIENT_ID),
    SLACK_CLIENT_SECRET: await secret("Its client secret", now.SLACK_CLIENT_SECRET),
    SLACK_APP_TOKEN: await secret("Its app-level token (xapp-…)", now.SLACK_APP_TOKEN),
  };
}

export async function sure(): Promise<void> {
  if (await answered(clack.confirm({ message: "Write this down?" }))) return;
  throw new Stopped("stopped");
}

export function demandTerminal(): void {
  if (process.stdin.isTTY && process.stdout.isTTY) return;
  throw new PolarisError("usage", "There is no terminal to ask questions on.", {
    hint: "polaris setup --server --yes, with flags or --answers FILE; see --help.",
  });
}
