import { Chat } from "./chat.ts";
import { Fail, type Json, json, type Token } from "./model.ts";

/** The other methods, uploads and response addresses. */
export class Methods extends Chat {
  protected async call(method: string, a: Json, k: Token, req: Request): Promise<Json> {
    if (method === "oauth.v2.access") return this.oauthAccess(a, req);
    if (method === "api.test") {
      if (a.error) throw new Fail(String(a.error), { args: a });
      return { args: a };
    }
    if (method === "apps.connections.open") {
      const ticket = crypto.randomUUID();
      this.tickets.set(ticket, { app: this.appId, used: false });
      return { url: `${this.relay.url}/link/?ticket=${ticket}&app_id=${this.appId}` };
    }
    if (method.startsWith("apps.manifest.")) return this.manifest(method, a);
    const answer =
      this.inConversations(method, a, k) ??
      this.inChat(method, a, k) ??
      this.elsewhere(method, a, k);
    if (!answer) throw new Fail("unknown_method", { req_method: method });
    return answer;
  }
  protected async upload(id: string, req: Request): Promise<Response> {
    const f = this.files.get(id);
    if (!f) return new Response("no such upload", { status: 404 });
    const type = req.headers.get("content-type") ?? "";
    let bytes: Uint8Array;
    if (type.startsWith("multipart/")) {
      const form = await req.formData();
      const part = [...form.values()].find((v) => typeof v !== "string") as Blob | undefined;
      bytes = new Uint8Array(await (part ?? new Blob([])).arrayBuffer());
    } else bytes = new Uint8Array(await req.arrayBuffer());
    if (bytes.length !== f.size)
      return new Response(`length mismatch: announced ${f.size}, got ${bytes.length}`, {
        status: 400,
      });
    f.uploaded = true;
    f.content = new TextDecoder().decode(bytes);
    return new Response(`OK - ${bytes.length}`);
  }
  protected async respond(id: string, req: Request): Promise<Response> {
    const r = this.responseUrls.get(id);
    if (!r || Date.now() - r.at > 1_800_000) return json({ ok: false, error: "expired_url" }, 404);
    if (++r.uses > 5) return json({ ok: false, error: "used_url" }, 404);
    const body = (await req.json()) as Json;
    this.responses.push({ id, body });
    if (r.channel && r.ts && (body.replace_original || body.delete_original)) {
      const c = this.channel(r.channel);
      const m = c.messages.find((x) => x.ts === r.ts);
      if (m && body.delete_original) this.drop(c, m);
      else if (m) {
        const previous = { ...m };
        Object.assign(m, { text: body.text ?? m.text, blocks: body.blocks });
        this.emitChanged(c, m, previous);
      }
    }
    return json({ ok: true });
  }

  protected elsewhere(method: string, a: Json, k: Token): Json | undefined {
    const t = this.team(k.team);
    const me = k.user;
    switch (method) {
      case "auth.test":
        return {
          url: `https://${t.domain}.slack.com/`,
          team: t.name,
          team_id: t.id,
          user: t.users.get(me)?.name,
          user_id: me,
          ...(k.botId ? { bot_id: k.botId } : {}),
          is_enterprise_install: false,
          ...(k.expiresAt ? { expires_in: Math.floor((k.expiresAt - this.now()) / 1000) } : {}),
        };
      case "auth.revoke":
        k.revoked = !a.test;
        return { revoked: !a.test };
      case "apps.uninstall":
        if (a.client_id !== this.clientId) throw new Fail("invalid_client_id");
        if (a.client_secret !== this.clientSecret) throw new Fail("bad_client_secret");
        this.uninstall(t);
        return {};
      case "team.info":
        return { team: { id: t.id, name: t.name, domain: t.domain, email_domain: "", icon: {} } };
      case "bots.info":
        if (a.bot && a.bot !== t.install?.botId) throw new Fail("bot_not_found");
        return {
          bot: {
            id: t.install?.botId,
            user_id: t.install?.botUserId,
            app_id: this.appId,
            name: "Polaris",
            deleted: false,
            icons: {},
          },
        };
      case "users.list": {
        const p = this.page(
          [...t.users.values()].filter((u) => !u.home),
          a,
          1000,
        );
        return {
          members: p.items.map((u) => this.asUser(u, k.scopes.has("users:read.email"))),
          cache_ts: Math.floor(this.now() / 1000),
          ...p.meta,
        };
      }
      case "users.info": {
        const u = t.users.get(String(a.user));
        if (!u) throw new Fail("user_not_found");
        return { user: this.asUser(u, k.scopes.has("users:read.email")) };
      }
      case "users.lookupByEmail": {
        const u = [...t.users.values()].find(
          (x) => !x.deleted && x.email?.toLowerCase() === String(a.email).toLowerCase(),
        );
        if (!u) throw new Fail("users_not_found");
        return { user: this.asUser(u, true) };
      }
      case "reactions.add":
      case "reactions.remove": {
        const c = this.chan(t, k, a.channel);
        const m = this.find(c, String(a.timestamp));
        m.reactions ??= [];
        const r = (m.reactions as Json[]).find((x) => x.name === a.name);
        if (method === "reactions.add") {
          if (r?.users.includes(me)) throw new Fail("already_reacted");
          if (r) {
            r.users.push(me);
            r.count++;
          } else m.reactions.push({ name: a.name, users: [me], count: 1 });
        } else {
          if (!r?.users.includes(me)) throw new Fail("no_reaction");
          m.reactions = (m.reactions as Json[]).filter((x) => x !== r);
        }
        return {};
      }
      case "pins.add": {
        const m = this.find(this.chan(t, k, a.channel, { member: true }), String(a.timestamp));
        if (m.pinned) throw new Fail("already_pinned");
        m.pinned = true;
        return {};
      }
      case "bookmarks.add":
        this.chan(t, k, a.channel_id, { member: true });
        return {
          bookmark: {
            id: this.id("Bk"),
            channel_id: a.channel_id,
            title: a.title,
            link: a.link,
            type: a.type,
          },
        };
      case "files.getUploadURLExternal": {
        if (!a.filename || !a.length) throw new Fail("invalid_arguments");
        if (a.snippet_type && Number(a.length) > 1_000_000) throw new Fail("snippet_too_large");
        const id = this.id("F");
        this.files.set(id, {
          id,
          name: a.filename,
          size: Number(a.length),
          team: t.id,
          mode: a.snippet_type ? "snippet" : "hosted",
          uploaded: false,
        });
        return { upload_url: `${this.url}/upload/v1/${id}`, file_id: id };
      }
      case "files.completeUploadExternal": {
        const list = (a.files as Json[]) ?? [];
        const out = list.map((f) => {
          const file = this.files.get(f.id);
          if (!file?.uploaded) throw new Fail("file_not_found");
          file.title = f.title ?? file.name;
          return {
            id: file.id,
            title: file.title,
            name: file.name,
            size: file.size,
            mode: file.mode,
            permalink: `https://${t.domain}.slack.com/files/${me}/${file.id}/${file.name}`,
          };
        });
        for (const ref of [
          a.channel_id,
          ...(a.channels ? String(a.channels).split(",") : []),
        ].filter(Boolean)) {
          const c = this.chan(t, k, ref, { live: true, member: true });
          this.store(
            c,
            {
              ...this.authored(t, k, a),
              subtype: "file_share",
              text: String(a.initial_comment ?? ""),
              files: out,
              upload: true,
              ts: this.ts(),
            },
            a.thread_ts as string | undefined,
          );
        }
        return { files: out };
      }
      case "files.info": {
        const f = this.files.get(String(a.file));
        if (!f) throw new Fail("file_not_found");
        return { file: { ...f, content: undefined }, content: f.content };
      }
      case "views.publish": {
        const v = { id: this.id("V"), team_id: t.id, hash: String(this.ts()), ...(a.view as Json) };
        if (JSON.stringify(a.view).length > 250_000) throw new Fail("view_too_large");
        this.homes.set(String(a.user_id), v);
        return { view: v };
      }
      case "views.open": {
        const tr = this.triggers.get(String(a.trigger_id));
        if (!tr) throw new Fail("invalid_trigger_id");
        if (tr.used) throw new Fail("exchanged_trigger_id");
        if (Date.now() - tr.at > 3000) throw new Fail("expired_trigger_id");
        tr.used = true;
        const v: Json = {
          id: this.id("V"),
          team_id: t.id,
          hash: String(this.ts()),
          ...(a.view as Json),
        };
        this.views.set(v.id, v);
        return { view: v };
      }
      case "views.update": {
        const v = this.views.get(String(a.view_id));
        if (!v) throw new Fail("not_found");
        Object.assign(v, a.view);
        return { view: v };
      }
      case "assistant.threads.setStatus":
        this.threadStatus.set(`${a.channel_id}/${a.thread_ts}`, String(a.status ?? ""));
        return {};
      case "assistant.threads.setTitle":
      case "assistant.threads.setSuggestedPrompts":
        return {};
      case "agents.sessions.setStatus": {
        if (!t.agentSessions) throw new Fail("feature_disabled");
        if (!["active", "processing", "suspended", "closed"].includes(String(a.status)))
          throw new Fail("invalid_status");
        if (!a.thread_ts) throw new Fail("thread_ts_required");
        const key = `${a.channel_id}/${a.thread_ts}`;
        const s = this.agentSessions.get(key) ?? {
          channel: a.channel_id,
          thread_ts: a.thread_ts,
          title: a.title,
        };
        s.status = a.status;
        this.agentSessions.set(key, s);
        return {
          status: s.status,
          title: s.title,
          ...(this.botEvents.has("agent_session_stopped")
            ? {}
            : { warning: "missing_agent_session_stopped_event_subscription" }),
        };
      }
      case "agents.sessions.rename": {
        const s = this.agentSessions.get(`${a.channel_id}/${a.thread_ts}`);
        if (!s) throw new Fail("session_not_found");
        s.title = a.title;
        return { title: s.title };
      }
      default:
        return undefined;
    }
  }
}
