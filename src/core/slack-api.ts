/**
 * The few calls to Slack that the dashboard makes (connect, self-test, link a channel), by fetch: the server does not
 * load Slack's client for them. What bridges send goes another way (src/slack).
 */
import { z } from "zod";
import { PolarisError } from "../wire/error.ts";

const Answer = z.looseObject({
  ok: z.boolean(),
  error: z.string().optional(),
  needed: z.string().optional(),
});
export type Answer = z.infer<typeof Answer>;

/** Slack's own "no", in its own word. */
export class SlackRefusal extends Error {
  readonly word: string;
  readonly answer: Answer;
  constructor(method: string, answer: Answer) {
    super(`${method}: ${answer.error ?? "refused"}`);
    this.word = answer.error ?? "refused";
    this.answer = answer;
  }
}

/** Where Slack is: `SLACK_API_URL` for doubles and proxies, with a slash at the end. */
export const API_URL = "https://slack.com/api/";

export interface Call {
  apiUrl: string;
  token?: string | undefined;
  args?: Record<string, string>;
}

/** Calls a method; throws `SlackRefusal` for Slack's "no" and `unreachable` when there was no answer. */
export async function call(
  method: string,
  { apiUrl, token, args = {} }: Call,
): Promise<{ answer: Answer; scopes: string[] }> {
  let response: Response;
  try {
    response = await fetch(`${apiUrl}${method}`, {
      method: "POST",
      headers: token ? { authorization: `Bearer ${token}` } : {},
      body: new URLSearchParams(args),
      signal: AbortSignal.timeout(10_000),
    });
  } catch (cause) {
    throw away(`Slack did not answer ${method}.`, cause);
  }
  const retryAfter = Number(response.headers.get("retry-after") ?? 0);
  if (response.status === 429) {
    throw new PolarisError("rate_limited", `Slack asks for a rest of ${retryAfter} s.`, {
      hint: "Try again then.",
      retryAfter,
    });
  }
  if (!response.ok) throw away(`Slack answered ${method} with HTTP ${response.status}.`);
  const answer = Answer.parse(await response.json());
  if (!answer.ok) throw new SlackRefusal(method, answer);
  const scopes = (response.headers.get("x-oauth-scopes") ?? "").split(",").filter(Boolean);
  return { answer, scopes: scopes.map((scope) => scope.trim()) };
}

const away = (message: string, cause?: unknown): PolarisError =>
  new PolarisError("unreachable", message, {
    hint: "Is slack.com reachable from the server? Slack's own state: https://slack-status.com",
    cause,
  });

export const OAuthAnswer = z.object({
  access_token: z.string(),
  refresh_token: z.string().optional(),
  expires_in: z.number().optional(),
  scope: z.string(),
  bot_user_id: z.string(),
  app_id: z.string().optional(),
  team: z.object({ id: z.string(), name: z.string().default("") }),
  authed_user: z.object({ id: z.string().optional() }).optional(),
});
export type OAuthAnswer = z.infer<typeof OAuthAnswer>;
