import { Gateway } from "./gateway.ts";
import { escapeHtml, Fail, html, type Install, type Json, type Team, type Token } from "./model.ts";

/** OAuth v2 with the consent page and token rotation, and apps made from a manifest. */
export class Consent extends Gateway {
  protected authorizePage(url: URL): Response {
    const q = url.searchParams;
    const redirect = q.get("redirect_uri") ?? this.redirectUrls?.[0] ?? "";
    if (q.get("client_id") !== this.clientId) return html("invalid_client_id", 400);
    if (
      this.redirectUrls &&
      !this.redirectUrls.some((r) => redirect === r || redirect.startsWith(`${r}/`))
    )
      return html(
        `bad_redirect_uri: redirect_uri did not match any configured URIs. Passed URI: ${escapeHtml(redirect)}`,
        400,
      );
    if (!q.get("scope") && !q.get("user_scope")) return html("no_scopes", 400);
    const back = (params: Record<string, string>): Response => {
      const u = new URL(redirect);
      for (const [k, v] of Object.entries(params)) u.searchParams.set(k, v);
      if (q.has("state")) u.searchParams.set("state", q.get("state") as string);
      return Response.redirect(u.href, 302);
    };
    if (this.consent === "deny" || q.get("fake_deny")) return back({ error: "access_denied" });
    if (this.consent === "page" && !q.get("fake_team"))
      return html(
        [...this.teams.values()]
          .map((t) => {
            const u = new URL(url);
            u.searchParams.set("fake_team", t.id);
            return `<p><a class="allow" data-team="${t.id}" href="${escapeHtml(u.href)}">Allow in ${escapeHtml(t.name)}</a></p>`;
          })
          .join(""),
      );
    const team = this.team(q.get("fake_team") ?? q.get("team") ?? undefined);
    const user = q.get("fake_user") ?? [...team.users.values()].find((u) => !u.isBot)?.id ?? "";
    const code = `${Date.now()}.${++this.seq}.${crypto.randomUUID()}`;
    this.codes.set(code, {
      team: team.id,
      user,
      scopes: (q.get("scope") ?? "").split(/[ ,]+/).filter(Boolean),
      redirect,
      challenge: q.get("code_challenge") ?? undefined,
      used: false,
    });
    return back({ code });
  }
  /** Presses Allow, or Cancel, on the page that `link` leads to: where Slack then sends the browser. */
  async agree(link: string, { team, deny = false }: { team?: string; deny?: boolean } = {}) {
    const to = new URL(link);
    if (deny) to.searchParams.set("fake_deny", "1");
    else if (!this.opt.upstream) to.searchParams.set("fake_team", this.team(team).id);
    const sent = await fetch(to, { redirect: "manual" });
    const there = sent.headers.get("location");
    if (there) return new URL(there);
    // `emulate` shows a form for each person of the workspace.
    const forms = (await sent.text()).matchAll(
      /<form[^>]*action="([^"]+)"[^>]*>([\s\S]*?)<\/form>/g,
    );
    const [id = ""] = Object.keys(this.opt.upstreamUserTokens ?? {});
    const [, action = "", body = ""] = [...forms].find(([form]) => form.includes(id)) ?? [];
    const fields = [...body.matchAll(/name="([^"]*)"[^>]*value="([^"]*)"/g)];
    const yes = await fetch(new URL(action, this.url), {
      method: "POST",
      redirect: "manual",
      body: new URLSearchParams(fields.map(([, name = "", value = ""]) => [name, value])),
    });
    return new URL(yes.headers.get("location") ?? "");
  }
  protected doInstall(team: Team, scopes: string[], installer: string): Install {
    if (!team.install) {
      const bot = this.addUser(team, {
        name: "polaris",
        realName: this.opt.app?.name ?? "Polaris",
        isBot: true,
      });
      team.install = {
        team: team.id,
        token: "",
        botUserId: bot.id,
        botId: this.id("B"),
        scopes: new Set(),
        installer,
      };
    }
    const i = team.install;
    for (const s of scopes) i.scopes.add(s); // scopes are additive across installs
    if (!i.token || this.opt.app?.tokenRotation) this.issue(i);
    const t = this.tokens.get(i.token) as Token;
    t.scopes = i.scopes;
    return i;
  }
  protected issue(i: Install): void {
    const rotating = this.opt.app?.tokenRotation ?? false;
    i.token = `${rotating ? "xoxe." : ""}xoxb-${i.team}-${crypto.randomUUID()}`;
    if (rotating) i.refreshToken = `xoxe-1-${crypto.randomUUID()}`;
    this.tokens.set(i.token, {
      value: i.token,
      kind: "bot",
      team: i.team,
      scopes: i.scopes,
      user: i.botUserId,
      botId: i.botId,
      revoked: false,
      expiresAt: rotating ? this.now() + 43_200_000 : undefined,
    });
  }
  protected oauthAccess(a: Json, req: Request): Json {
    const basic = req.headers.get("authorization")?.match(/^Basic (.+)$/i)?.[1];
    const [bid, bsecret] = basic ? atob(basic).split(":") : [];
    if ((a.client_id ?? bid) !== this.clientId) throw new Fail("invalid_client_id");
    if ((a.client_secret ?? bsecret) !== this.clientSecret && !a.code_verifier)
      throw new Fail("bad_client_secret");
    const answer = (i: Install): Json => ({
      app_id: this.appId,
      authed_user: { id: i.installer },
      scope: [...i.scopes].join(","),
      token_type: "bot",
      access_token: i.token,
      bot_user_id: i.botUserId,
      team: { id: i.team, name: this.team(i.team).name },
      enterprise: null,
      is_enterprise_install: false,
      ...(i.refreshToken ? { refresh_token: i.refreshToken, expires_in: 43_200 } : {}),
    });
    if (a.grant_type === "refresh_token") {
      const i = [...this.teams.values()]
        .map((t) => t.install)
        .find((x) => x?.refreshToken && x.refreshToken === a.refresh_token);
      if (!i) throw new Fail("invalid_refresh_token");
      this.issue(i);
      return answer(i);
    }
    const c = this.codes.get(String(a.code ?? ""));
    if (!c) throw new Fail("invalid_code");
    if (c.used) throw new Fail("code_already_used");
    if (a.redirect_uri !== undefined && a.redirect_uri !== c.redirect)
      throw new Fail("bad_redirect_uri");
    if (
      c.challenge &&
      new Bun.CryptoHasher("sha256").update(String(a.code_verifier ?? "")).digest("base64url") !==
        c.challenge
    )
      throw new Fail("invalid_code_verifier");
    c.used = true;
    return answer(this.doInstall(this.team(c.team), c.scopes, c.user));
  }

  protected manifest(method: string, a: Json): Json {
    const m = a.manifest as Json | undefined;
    const errors: Json[] = [];
    if (!m || typeof m !== "object")
      throw new Fail("invalid_manifest", {
        errors: [{ message: "Manifest is not valid JSON", pointer: "/" }],
      });
    if (!m.display_information?.name)
      errors.push({ message: "Missing required field: name", pointer: "/display_information" });
    if (String(m.display_information?.name ?? "").length > 35)
      errors.push({
        message: "must be less than 36 characters",
        pointer: "/display_information/name",
      });
    const s = m.settings ?? {};
    if (s.event_subscriptions && !s.socket_mode_enabled && !s.event_subscriptions.request_url)
      errors.push({
        message: "Event Subscription requires either Request URL or Socket Mode Enabled",
        pointer: "/settings/event_subscriptions",
      });
    if (s.interactivity?.is_enabled && !s.socket_mode_enabled && !s.interactivity.request_url)
      errors.push({
        message: "Interactivity requires Socket Mode enabled",
        pointer: "/settings/interactivity",
      });
    if (errors.length) throw new Fail("invalid_manifest", { errors });
    if (method !== "apps.manifest.create") return {};
    return {
      app_id: this.appId,
      credentials: {
        client_id: this.clientId,
        client_secret: this.clientSecret,
        verification_token: "verification-token",
        signing_secret: "signing-secret",
      },
      oauth_authorize_url: `${this.authorizeUrl}?client_id=${this.clientId}&scope=${(m.oauth_config?.scopes?.bot ?? []).join(",")}`,
    };
  }
}
