import { Methods } from "./methods.ts";
import {
  Fail,
  type Fault,
  type Json,
  json,
  METHODS,
  NO_TOKEN,
  RateLimited,
  TIER,
  type Token,
} from "./model.ts";

/** Tokens, scopes, rates, and the faults that a test asks for. */
export class Limits extends Methods {
  protected takeFault(method: string, args: Json): Fault | undefined {
    const f = this.faults.find(
      (x) => x.left > 0 && (x.method === method || x.method === "*") && (!x.match || x.match(args)),
    );
    if (f) f.left--;
    return f;
  }
  protected async misbehave(f: Fault): Promise<Response> {
    if (f.delayMs) await Bun.sleep(f.delayMs);
    if (f.retryAfter !== undefined)
      return json({ ok: false, error: "ratelimited" }, 429, {
        "retry-after": String(f.retryAfter),
      });
    if (f.status)
      return new Response("<html>upstream error</html>", {
        status: f.status,
        headers: { "content-type": "text/html" },
      });
    return json({ ok: false, error: f.error ?? "internal_error" });
  }
  protected check(method: string, token: Token | undefined, presented: string | undefined): void {
    const spec = METHODS[method];
    if (!spec) throw new Fail("unknown_method", { req_method: method });
    if (NO_TOKEN.has(method)) return;
    if (!presented) throw new Fail("not_authed");
    if (!token) throw new Fail("invalid_auth");
    if (token.revoked) throw new Fail(token.kind === "bot" ? "account_inactive" : "token_revoked");
    if (token.expiresAt && this.now() > token.expiresAt) throw new Fail("token_expired");
    const kind =
      method === "apps.connections.open"
        ? "app"
        : method.startsWith("apps.manifest.")
          ? "config"
          : undefined;
    if (kind ? token.kind !== kind : token.kind === "app" || token.kind === "config")
      throw new Fail("not_allowed_token_type");
    const need = spec[1];
    if (need && token.kind === "bot" && !need.some((s) => token.scopes.has(s)))
      throw new Fail("missing_scope", { needed: need[0], provided: [...token.scopes].join(",") });
  }
  /** Token buckets: per method and workspace; for posts also per channel (1/s) and workspace-wide. */
  protected spend(method: string, team: string, args: Json): void {
    const tier = METHODS[method]?.[0];
    if (!tier) return;
    const take = (key: string, perMinute: number, burst: number): void => {
      const now = this.now();
      const b = this.buckets.get(key) ?? { tokens: burst, at: now };
      b.tokens = Math.min(burst, b.tokens + ((now - b.at) / 60_000) * perMinute);
      b.at = now;
      this.buckets.set(key, b);
      if (b.tokens < 1)
        throw new RateLimited(Math.max(1, Math.ceil(((1 - b.tokens) / perMinute) * 60)));
      b.tokens -= 1;
    };
    if (method === "chat.postMessage") {
      take(`${team}/post/${args.channel}`, 60, this.opt.postBurst ?? 4);
      take(`${team}/post`, this.opt.teamPostsPerMinute ?? 300, this.opt.teamPostsPerMinute ?? 300);
    } else take(`${team}/${method}`, TIER[tier] as number, Math.max(3, TIER[tier] as number));
  }
}
