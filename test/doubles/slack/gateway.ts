import { Events } from "./events.ts";
import { type Channel, Fail, type Json, type Team, type User } from "./model.ts";

/** With `upstream`: another emulator answers the Web API and OAuth, and we learn from its answers. */
export class Gateway extends Events {
  protected async proxy(req: Request, url: URL, raw?: string): Promise<Response> {
    const h = new Headers(req.headers);
    for (const k of ["host", "content-length", "connection", "accept-encoding"]) h.delete(k);
    const r = await fetch(this.opt.upstream + url.pathname + url.search, {
      method: req.method,
      headers: h,
      body: req.method === "GET" ? null : (raw ?? (await req.arrayBuffer())),
      redirect: "manual",
    });
    const out = new Headers(r.headers);
    for (const k of ["content-encoding", "content-length", "transfer-encoding"]) out.delete(k);
    return new Response(await r.arrayBuffer(), { status: r.status, headers: out });
  }
  protected async viaUpstream(method: string, req: Request, raw: string, url: URL): Promise<Json> {
    const r = await this.proxy(req, url, raw);
    if (r.status === 404) throw new Fail("unknown_method", { req_method: method });
    const text = (await r.text()).replaceAll(`${this.opt.upstream}/upload/`, `${this.url}/upload/`);
    const body = JSON.parse(text) as Json;
    if (!body.ok) return body;
    const bearer = req.headers.get("authorization")?.slice(7) ?? "";
    if (method === "oauth.v2.access")
      this.adopt(body.team, body.access_token, body.bot_user_id, body.scope, body.authed_user?.id);
    if (method === "auth.test" && !this.tokens.has(bearer))
      this.adopt({ id: body.team_id, name: body.team }, bearer, body.user_id, "", "", body.bot_id);
    const k = this.tokens.get(bearer);
    const t = k && this.teams.get(k.team);
    if (k && t) {
      if (body.channel?.id && body.channel?.name) {
        const c = this.ghost(t, body.channel.id);
        c.name = body.channel.name;
        c.isPrivate = body.channel.is_private === true;
        if (body.channel.is_member !== false) c.members.add(k.user);
      }
      if (method === "chat.postMessage") {
        const c = this.ghost(t, body.channel);
        c.members.add(k.user);
        const m = { ...body.message, bot_id: k.botId, app_id: this.appId };
        c.messages.push(m);
        this.emitMessage(c, m);
      }
      if (method === "chat.update") {
        const c = this.ghost(t, body.channel);
        const m = c.messages.find((x) => x.ts === body.ts);
        if (m) {
          const previous = { ...m };
          Object.assign(m, body.message);
          this.emitChanged(c, m, previous);
        }
      }
      if (method === "chat.delete") {
        const c = this.ghost(t, body.channel);
        const m = c.messages.find((x) => x.ts === body.ts);
        if (m) this.drop(c, m);
      }
    }
    return body;
  }
  /** Learns an installation made at the upstream emulator. */
  adopt(
    team: { id: string; name: string },
    token: string,
    botUserId: string,
    scope: string,
    installer = "",
    botId?: string,
  ): void {
    const t = this.teams.get(team.id) ?? this.addTeam({ id: team.id, name: team.name, users: [] });
    t.install = {
      team: t.id,
      token,
      botUserId,
      botId: botId ?? `B${botUserId.slice(1)}`,
      scopes: new Set(scope.split(",").filter(Boolean)),
      installer,
    };
    if (!t.users.has(botUserId)) this.addUser(t, { id: botUserId, name: "polaris", isBot: true });
    this.tokens.set(token, {
      value: token,
      kind: "bot",
      team: t.id,
      scopes: t.install.scopes,
      user: botUserId,
      botId: t.install.botId,
      revoked: false,
    });
  }
  protected ghost(t: Team, id: string): Channel {
    const hit = t.channels.get(id);
    if (hit) return hit;
    const c = this.makeChannel(t, id, "", false, []);
    t.channels.delete(c.id);
    c.id = id;
    c.isIm = id.startsWith("D");
    t.channels.set(id, c);
    return c;
  }
  protected async sayUpstream(
    c: Channel,
    u: User,
    text: string,
    o: { thread?: string },
  ): Promise<Json> {
    const token = this.opt.upstreamUserTokens?.[u.id];
    if (!token) throw new Error(`fake-slack: upstreamUserTokens has no token for ${u.id}`);
    const r = (await (
      await fetch(`${this.opt.upstream}/api/chat.postMessage`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ channel: c.id, text, thread_ts: o.thread }),
      })
    ).json()) as Json;
    if (!r.ok) throw new Error(`fake-slack: upstream refused: ${r.error}`);
    const m = { client_msg_id: crypto.randomUUID(), ...r.message, user: u.id, team: c.team };
    c.messages.push(m);
    this.emitMessage(c, m);
    return m;
  }
}
