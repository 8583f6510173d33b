import { Events } from "./events.ts";
import type { Channel, Json, Team } from "./model.ts";

/** With `upstream`: the way to the emulator that answers, as the app and as people. */
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
  /** A call of our own to the emulator; throws what it refuses. */
  protected async ask(token: string, method: string, args: Json): Promise<Json> {
    const r = await fetch(`${this.opt.upstream}/api/${method}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(args),
    });
    const body = (await r.json()) as Json;
    if (!body.ok) throw new Error(`fake-slack: upstream refused ${method}: ${body.error}`);
    return body;
  }
  /** As somebody of the workspace, by the token they were seeded with. */
  protected asPerson(user: string, method: string, args: Json): Promise<Json> {
    const token = this.opt.upstreamUserTokens?.[user];
    if (!token) throw new Error(`fake-slack: upstreamUserTokens has no token for ${user}`);
    return this.ask(token, method, args);
  }
  /** Learns the workspace: its people and its channels, with the ids they have there. */
  async meet(tokens: Record<string, string>): Promise<void> {
    const [token = ""] = Object.values(tokens);
    const { team_id: id, team: name } = await this.ask(token, "auth.test", {});
    const team = this.addTeam({ id, name, users: [] });
    team.channels.clear();
    const { members } = await this.ask(token, "users.list", { limit: 200 });
    for (const m of members as Json[])
      this.addUser(team, {
        id: m.id,
        name: m.name,
        realName: m.real_name,
        email: m.profile.email,
        isBot: m.is_bot,
        isAdmin: m.is_admin,
      });
    const { channels } = await this.ask(token, "conversations.list", { limit: 200 });
    for (const c of channels as Json[]) this.ghost(team, c.id).name = c.name;
    this.opt.upstreamUserTokens = Object.fromEntries(
      Object.entries(tokens).map(([who, secret]) => [this.user(team, who).id, secret]),
    );
  }
  /** Learns an installation made at the emulator. */
  protected adopt(
    team: { id: string; name: string },
    token: string,
    botUserId: string,
    scope: string,
    installer = "",
  ): void {
    const t = this.teams.get(team.id) ?? this.addTeam({ id: team.id, name: team.name, users: [] });
    t.install = {
      team: t.id,
      token,
      botUserId,
      botId: t.install?.botId ?? `B${botUserId.slice(1)}`,
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
  /** A channel of the emulator's, known here by its id there. */
  protected ghost(t: Team, id: string): Channel {
    const hit = t.channels.get(id);
    if (hit) return hit;
    const c = this.makeChannel(t, "", "", false, []);
    t.channels.delete(c.id);
    c.id = id;
    c.isIm = id.startsWith("D");
    t.channels.set(id, c);
    return c;
  }
}
