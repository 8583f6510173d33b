/**
 * Every error a person or a program can meet has one of these codes, one sentence and a hint.
 * The number is the HTTP status at the server's edge; the CLI maps codes to exit codes (see `exitCodeOf`).
 */
export const STATUS = {
  invalid_json: 400,
  invalid_input: 400,
  invalid_cursor: 400,
  unauthenticated: 401,
  token_malformed: 401,
  token_forged: 401,
  token_expired: 401,
  token_early: 401,
  token_revoked: 401,
  // Signing a machine in; the names are those of RFC 6749 §5.2 and RFC 8628 §3.5:
  invalid_request: 400,
  invalid_grant: 400,
  unsupported_grant_type: 400,
  authorization_pending: 400,
  slow_down: 400,
  access_denied: 400,
  expired_token: 400,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  seat_taken: 409,
  code_used: 410,
  share_over: 410,
  // Signing in, each with a page of its own:
  sign_in_first: 409,
  sign_in_over: 410,
  sign_in_cancelled: 403,
  link_other: 403,
  email_unverified: 403,
  not_invited: 403,
  wrong_domain: 403,
  account_other: 409,
  clock_skew: 502,
  provider_refused: 502,
  provider_unavailable: 503,
  last_owner: 409,
  public_domain: 400,
  too_large: 413,
  event_too_large: 413,
  unsupported_media_type: 415,
  rate_limited: 429,
  internal: 500,
  database_unavailable: 503,
  shutting_down: 503,
  // The machine's own, never sent by the server:
  unreachable: 503,
  daemon_unreachable: 503,
  not_signed_in: 401,
  already_running: 409,
  port_taken: 409,
  login_timeout: 408,
  secret_refused: 500,
  credentials_unwritable: 507,
  journal_unwritable: 507,
  database_version: 500,
  database_failed: 500,
  schema_too_new: 500,
  migration_changed: 500,
  unsupported_platform: 500,
  settings_unreadable: 409,
  service_failed: 500,
  backlog: 409,
  backup_failed: 500,
  backup_damaged: 500,
  no_releases: 400,
  release_untrusted: 502,
  release_failed: 502,
  downgrade: 409,
  usage: 400,
} as const;

export type ErrorCode = keyof typeof STATUS;

/** What crosses the wire: `{ error: { code, message, hint } }`. */
export interface ErrorBody {
  error: { code: ErrorCode; message: string; hint: string };
}

/** The one error class. Thrown where a rule is broken, translated once at the edge. */
export class PolarisError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  /** Seconds after which it may be tried again: `Retry-After`. */
  readonly retryAfter: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { hint?: string; cause?: unknown; retryAfter?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "PolarisError";
    this.code = code;
    this.hint = options.hint ?? "";
    this.retryAfter = options.retryAfter;
  }

  get status(): number {
    return STATUS[this.code];
  }

  toBody(): ErrorBody {
    return { error: { code: this.code, message: this.message, hint: this.hint } };
  }
}

/** 0 done, 1 failed, 2 wrong use, 3 not signed in, 4 cannot reach. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof PolarisError)) return 1;
  if (error.code === "usage") return 2;
  if (error.status === 401) return 3;
  if (error.code === "unreachable" || error.code === "daemon_unreachable") return 4;
  return 1;
}
