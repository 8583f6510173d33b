/** Our calls to Slack: no retries of the client's own, no waiting on its side, an end after eight seconds. */
import { LogLevel, WebAPIRateLimitedError, WebClient } from "@slack/web-api";

/**
 * The client's defaults repeat a post whose answer was a 504 (two copies, measured), and hold back every call while one
 * waits for a 429 (2 s for an auth.test, measured).
 */
export const clientOptions = (apiUrl: string) => ({
  slackApiUrl: apiUrl,
  retryConfig: { retries: 0 },
  rejectRateLimitedCalls: true,
  timeout: CALL_MS,
  logLevel: LogLevel.ERROR,
  logger: QUIET,
});

/** After this long a call counts as of unknown outcome. */
export const CALL_MS = 8000;

export const startClient = (apiUrl: string, token: string): WebClient =>
  new WebClient(token, clientOptions(apiUrl));

/** What it would log are our errors, with payloads in them. */
export const QUIET = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  getLevel: () => LogLevel.ERROR,
  setName() {},
};

export const isRateLimit = (error: unknown): error is WebAPIRateLimitedError =>
  error instanceof WebAPIRateLimitedError;
