/**
 * What a secret looks like, by its issuer's published prefix. `hints` are looked for first (a plain substring search,
 * about 1 ms for 10 MB); the pattern runs only where one of them stands. No pattern has two unbounded repeats that
 * can match the same characters, so that each is linear on hostile input.
 */
export interface Secret {
  kind: string;
  hints: readonly string[];
  pattern: RegExp;
}

export const SECRETS: readonly Secret[] = [
  {
    kind: "aws-key",
    hints: ["AKIA", "ASIA"],
    pattern: /\b(?:AKIA|ASIA)[A-Z2-7]{16}\b/g,
  },
  {
    kind: "github-token",
    hints: ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
    pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})/g,
  },
  {
    kind: "gitlab-token",
    hints: ["glpat-", "glrt-", "gldt-", "glcbt-"],
    pattern: /\bgl(?:pat|rt|dt|cbt)-[A-Za-z0-9_-]{20,128}/g,
  },
  {
    kind: "slack-token",
    hints: ["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe", "xapp-"],
    pattern: /\b(?:xox[abeprs]|xoxe\.xox[bp]|xapp)-[A-Za-z0-9-]{10,255}/g,
  },
  {
    kind: "slack-webhook",
    hints: ["hooks.slack.com/"],
    pattern: /hooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Za-z0-9/_-]{20,200}/g,
  },
  {
    kind: "anthropic-key",
    hints: ["sk-ant-"],
    pattern: /\bsk-ant-[A-Za-z0-9_-]{20,255}/g,
  },
  {
    kind: "openai-key",
    hints: ["sk-"],
    pattern: /\bsk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{32,255}/g,
  },
  {
    kind: "stripe-key",
    hints: ["sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_"],
    pattern: /\b(?:[sr]k_(?:live|test)_[A-Za-z0-9]{16,255}|whsec_[A-Za-z0-9+/=]{24,128})/g,
  },
  { kind: "google-key", hints: ["AIza"], pattern: /\bAIza[A-Za-z0-9_-]{35}/g },
  {
    kind: "google-token",
    hints: ["ya29.", "GOCSPX-"],
    pattern: /\b(?:ya29\.[A-Za-z0-9_-]{20,512}|GOCSPX-[A-Za-z0-9_-]{20,64})/g,
  },
  {
    // Whoever holds it may speak into a running session of Claude Code: no value of it is harmless.
    kind: "messaging-token",
    hints: ["MESSAGING_TOKEN"],
    pattern:
      /(?<=MESSAGING_TOKEN\\{0,3}["']?\s{0,4}[:=]\s{0,4}\\{0,3}["']?)[^\s"'\\,;:=[\]]{4,512}/g,
  },
  { kind: "npm-token", hints: ["npm_"], pattern: /\bnpm_[A-Za-z0-9]{36}\b/g },
  { kind: "polaris-token", hints: ["pol_"], pattern: /\bpol_[A-Za-z0-9_-]{20,128}/g },
  {
    kind: "jwt",
    hints: ["eyJ"],
    pattern:
      /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,8192}\.eyJ[A-Za-z0-9_-]{10,8192}\.[A-Za-z0-9_-]{10,4096}/g,
  },
];

/** `scheme://user:password@host`: the password alone goes. */
export const URL_PASSWORD =
  /([a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/"'`\\]{0,128}:)([^\s@/"'`\\]{1,256})(@)/gi;

/** Names whose value is a secret. Plurals (`max_tokens`, `passwords`) are counts and lists. */
const NAMES =
  "password|passwd|passphrase|secret|token|api[_-]?key|apikey|access[_-]?key|private[_-]?key|client[_-]?secret";

/** A whole key of an object: `{ "db_password": "…" }`. */
export const SECRET_KEY = new RegExp(`(?:${NAMES})$`, "i");

/** `NAME=value`, `name: "value"`, also with the escaped quotes of JSON inside a string. */
export const ASSIGNMENT = new RegExp(
  `((?:${NAMES})\\\\{0,3}["']?\\s{0,4}[:=]\\s{0,4})(\\\\{0,3}["'])?((?:Bearer |Basic )?[A-Za-z0-9+/=_.~!@#$%^&*-]{6,512})`,
  "gi",
);
export const ASSIGNMENT_HINTS = [
  "pass",
  "secret",
  "token",
  "apikey",
  "api_key",
  "api-key",
  "_key",
  "-key",
  "accesskey",
  "privatekey",
] as const;

/** `Authorization: Bearer …`, in headers and in command lines. */
export const AUTHORIZATION =
  /(authorization\\{0,3}["']?\s{0,4}[:=]\s{0,4}\\{0,3}["']?(?:bearer|basic|token)\s{1,4})([A-Za-z0-9+/=_.~-]{8,4096})/gi;
