import { createLink, redirectOf } from "../../../core/slack-manifest.ts";

/** What setup asks: each question is a flag, a line of an answers file, and a setting of the server. */
export interface Question {
  flag: string;
  setting: string;
  about: string;
  /** Never shown again, nor printed. */
  secret?: true;
}

export const QUESTIONS: readonly Question[] = [
  { flag: "host", setting: "POLARIS_HOST", about: "address to listen on" },
  { flag: "port", setting: "POLARIS_PORT", about: "port to listen on" },
  { flag: "public-url", setting: "POLARIS_PUBLIC_URL", about: "address people use" },
  {
    flag: "trusted-proxies",
    setting: "POLARIS_TRUSTED_PROXIES",
    about: "reverse proxies before it",
  },
  { flag: "tls-cert", setting: "POLARIS_TLS_CERT", about: "certificate, PEM, with its chain" },
  { flag: "tls-key", setting: "POLARIS_TLS_KEY", about: "the certificate's key, PEM" },
  { flag: "database", setting: "DATABASE_URL", about: 'PostgreSQL, or "embedded"', secret: true },
  { flag: "google-client-id", setting: "GOOGLE_CLIENT_ID", about: "sign in with Google" },
  {
    flag: "google-client-secret",
    setting: "GOOGLE_CLIENT_SECRET",
    about: "of that client",
    secret: true,
  },
  { flag: "oidc-issuer", setting: "OIDC_ISSUER", about: "sign in with another provider" },
  { flag: "oidc-client-id", setting: "OIDC_CLIENT_ID", about: "of that provider" },
  {
    flag: "oidc-client-secret",
    setting: "OIDC_CLIENT_SECRET",
    about: "of that client",
    secret: true,
  },
  { flag: "oidc-name", setting: "OIDC_NAME", about: "what its button says" },
  { flag: "sign-up", setting: "POLARIS_SIGN_UP", about: "who may come in unasked" },
  { flag: "slack-client-id", setting: "SLACK_CLIENT_ID", about: "the Slack app" },
  {
    flag: "slack-client-secret",
    setting: "SLACK_CLIENT_SECRET",
    about: "of that app",
    secret: true,
  },
  {
    flag: "slack-app-token",
    setting: "SLACK_APP_TOKEN",
    about: "xapp-…, for Socket Mode",
    secret: true,
  },
  { flag: "slack-api-url", setting: "SLACK_API_URL", about: "another Slack: a double, a proxy" },
  { flag: "backup-to", setting: "POLARIS_BACKUP_TO", about: "folder or s3://bucket/prefix" },
  { flag: "backup-every", setting: "POLARIS_BACKUP_EVERY", about: "30m, 6h, 1d" },
  { flag: "backup-keep", setting: "POLARIS_BACKUP_KEEP", about: "how many stay" },
  {
    flag: "backup-recipient",
    setting: "POLARIS_BACKUP_RECIPIENT",
    about: "encrypt to this key of age",
  },
  {
    flag: "metrics-token",
    setting: "POLARIS_METRICS_TOKEN",
    about: "opens /metrics",
    secret: true,
  },
];

/** Settings by name; an empty one is taken away. */
export type Answers = Record<string, string>;

export function settled(before: Answers, given: Answers): Answers {
  const all = { ...before, ...given };
  if (all.DATABASE_URL === "embedded") all.DATABASE_URL = "";
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""));
}

/** Slack's page that makes the app for this server, everything filled in. */
export const slackLink = (answers: Answers): string =>
  createLink(redirectOf(publicUrlOf(answers), answers.SLACK_REDIRECT_URI));

/** Where people reach it; on this machine alone when nothing was said. */
export const publicUrlOf = ({ POLARIS_PUBLIC_URL: url, POLARIS_PORT: port }: Answers): string =>
  (url || `http://localhost:${port || 4321}`).replace(/\/+$/, "");
