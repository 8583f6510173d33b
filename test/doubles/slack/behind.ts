import { HERE, REFUSED_HERE } from "./emulate.ts";
import { Limits } from "./limits.ts";
import { type Channel, Fail, type Json, type Team, type Token, type User } from "./model.ts";

/** Methods that Slack answers to members of a channel only. */
const MEMBERS_ONLY = new Set([
  "chat.postMessage",
  "chat.postEphemeral",
  "conversations.history",
  "conversations.replies",
  "conversations.setTopic",
  "files.completeUploadExternal",
]);

/**
 * Gateway mode: `emulate` answers. Before it is asked, the double refuses what Slack would refuse and `emulate` does
 * not (`REFUSED_HERE`); afterwards it learns from the answer, so that a test sees the same history, and tells the app
 * over its socket what has happened.
 */
export class Behind extends Limits {
  protected isHere(method: string): boolean {
    return !this.opt.upstream || method in HERE;
  }
  protected async viaUpstream(
    method: string,
    args: Json,
    req: Request,
    raw: string,
    url: URL,
  ): Promise<Json> {
    const bearer = req.headers.get("authorization")?.slice(7) ?? "";
    const known = this.tokens.get(bearer);
    if (method === "oauth.v2.access" && args.client_secret !== this.clientSecret)
      throw new Fail("bad_client_secret");
    if (known) {
      try {
        this.refuse(method, args, known);
      } catch (error) {
        if (!(error instanceof Fail) || error.code in REFUSED_HERE) throw error;
      }
    }
    const r = await this.proxy(req, url, raw);
    if (r.status === 404) throw new Fail("unknown_method", { req_method: method });
    const text = (await r.text()).replaceAll(`${this.opt.upstream}/upload/`, `${this.url}/upload/`);
    const body = JSON.parse(text) as Json;
    if (!body.ok) return body;
    if (method === "oauth.v2.access")
      this.adopt(body.team, body.access_token, body.bot_user_id, body.scope, body.authed_user?.id);
    if (known) await this.learn(method, args, body, known);
    return body;
  }

  private refuse(method: string, a: Json, k: Token): void {
    if (k.revoked) throw new Fail("account_inactive");
    const t = this.team(k.team);
    if (method === "conversations.create") {
      if (t.restrictChannelCreation) throw new Fail("restricted_action");
      if (t.reserved.has(String(a.name))) throw new Fail("name_taken");
    }
    const c = t.channels.get(String(a.channel ?? a.channel_id ?? ""));
    if (c?.isDeleted) throw new Fail("channel_not_found");
    if (c && !c.isArchived && MEMBERS_ONLY.has(method) && !c.members.has(k.user))
      throw new Fail("not_in_channel");
    if (method === "chat.postMessage" || method === "chat.postEphemeral") this.content(a);
    if (
      method === "chat.postMessage" &&
      c &&
      a.thread_ts &&
      !c.messages.some((m) => m.ts === a.thread_ts)
    )
      throw new Fail("thread_not_found");
    if (method === "chat.update") {
      if (String(a.text ?? "").length > 4000) throw new Fail("msg_too_long");
      this.content(a);
    }
  }

  private async learn(method: string, a: Json, body: Json, k: Token): Promise<void> {
    const t = this.team(k.team);
    if (body.channel?.id) this.learnChannel(t, method, body.channel, k, a);
    if (method === "auth.test" && t.install && body.bot_id) {
      t.install.botId = body.bot_id;
      k.botId = body.bot_id;
    }
    const c = t.channels.get(String(body.channel?.id ?? body.channel ?? a.channel ?? ""));
    switch (method) {
      case "conversations.list":
        body.channels = (body.channels as Json[]).filter(
          ({ id }) => !t.channels.get(id)?.isDeleted,
        );
        return;
      case "users.info":
        body.user.is_restricted = t.users.get(String(a.user))?.isRestricted;
        return;
      case "chat.postMessage": {
        const to = c ?? this.ghost(t, body.channel);
        to.members.add(k.user);
        if (to.isIm && a.channel !== to.id) to.members.add(String(a.channel));
        this.store(to, { ...body.message, ...this.authored(t, k, a), ts: body.ts }, a.thread_ts);
        return;
      }
      case "chat.postEphemeral":
        this.ephemerals.push({
          channel: c?.id,
          user: a.user,
          ...this.content(a),
          ts: body.message_ts,
        });
        return;
      case "chat.update": {
        const m = c?.messages.find((x) => x.ts === body.ts);
        if (!c || !m) return;
        const previous = { ...m };
        const { text, blocks, edited } = body.message;
        Object.assign(m, { text, edited });
        if (blocks) m.blocks = blocks;
        else delete m.blocks;
        this.emitChanged(c, m, previous);
        return;
      }
      case "chat.delete": {
        const m = c?.messages.find((x) => x.ts === body.ts);
        if (c && m) this.drop(c, m);
        return;
      }
      case "reactions.add":
      case "reactions.remove":
        this.elsewhere(method, a, k);
        return;
      case "conversations.archive":
        if (!c) return;
        c.isArchived = true;
        this.emit(
          { type: "channel_archive", channel: c.id, user: k.user, event_ts: this.ts() },
          { team: t.id, channel: c },
        );
        return;
      case "files.getUploadURLExternal":
        this.files.set(body.file_id, { id: body.file_id, name: a.filename, team: t.id });
        return;
      case "files.completeUploadExternal":
        for (const f of body.files as Json[])
          for (const [id, [share]] of Object.entries({
            ...f.shares.public,
            ...f.shares.private,
          }) as [string, Json[]][])
            this.store(
              this.ghost(t, id),
              {
                ...this.authored(t, k, a),
                subtype: "file_share",
                text: String(a.initial_comment ?? ""),
                files: [f],
                upload: true,
                ts: share?.ts,
              },
              a.thread_ts,
            );
        return;
      case "views.publish":
        this.homes.set(String(a.user_id), body.view);
    }
  }

  private learnChannel(t: Team, method: string, seen: Json, k: Token, a: Json): void {
    const c: Channel = this.ghost(t, seen.id);
    if (seen.name && !c.isIm) c.name = seen.name;
    c.isPrivate = seen.is_private === true && !c.isIm;
    if (seen.creator) c.creator = seen.creator;
    if (method === "conversations.open") c.members.add(String(a.users));
    if (["conversations.create", "conversations.join", "conversations.open"].includes(method))
      c.members.add(k.user);
  }

  /** Somebody becomes a guest; to `emulate` everybody is a member, so the double says it in their place. */
  addGuest(name: string): User {
    if (!this.opt.upstream)
      return this.addUser(this.team(), { name, email: `${name}@example.com`, isRestricted: true });
    const guest = Object.assign(this.user(undefined, name), { isRestricted: true });
    this.emit(
      { type: "user_change", user: this.asUser(guest, true), event_ts: this.ts() },
      { team: guest.team },
    );
    return guest;
  }
  /** People who can act: in gateway mode those whose token is known. */
  isHuman(user: string): boolean {
    return !this.opt.upstream || user in (this.opt.upstreamUserTokens ?? {});
  }
  /** Throws where `emulate` keeps another history than the one the test saw. */
  async agreed(): Promise<void> {
    if (!this.opt.upstream) return;
    const wrong = await this.differences();
    if (wrong.length > 0) throw new Error(`emulate says otherwise:\n${wrong.join("\n")}`);
  }
  /** Where the history kept there differs from what was told here; each word of it is one message. */
  async differences(): Promise<string[]> {
    const wrong: string[] = [];
    for (const t of this.teams.values()) {
      const token = t.install?.token;
      for (const c of t.channels.values()) {
        if (!token || c.isDeleted || !c.members.has(t.install?.botUserId ?? "")) continue;
        const read = async (method: string, args: Json) =>
          (await this.ask(token, method, { channel: c.id, limit: 1000, ...args }))
            .messages as Json[];
        const top = await read("conversations.history", {});
        // Also the threads whose root is gone.
        const roots = new Set(c.messages.map(({ thread_ts }) => thread_ts).filter(Boolean));
        for (const { ts, reply_count } of top) if (reply_count) roots.add(ts);
        const threads = await Promise.all(
          [...roots].map((ts) => read("conversations.replies", { ts })),
        );
        const there = [...top.filter(({ ts }) => !roots.has(ts)), ...threads.flat()].filter(isWord);
        const line = (m: Json) =>
          JSON.stringify([
            c.name,
            m.ts,
            m.thread_ts === m.ts ? undefined : m.thread_ts,
            m.text,
            m.blocks,
            m.username,
            m.reactions?.map(({ name }: Json) => name),
          ]);
        const mine = c.messages.filter(isWord).map(line);
        const theirs = new Set(there.map(line));
        wrong.push(...mine.filter((each) => !theirs.delete(each)).map((it) => `only here: ${it}`));
        wrong.push(...[...theirs].map((it) => `only there: ${it}`));
      }
    }
    return wrong;
  }
}

/** Not the notes about a topic, a name, an archive. */
const isWord = ({ subtype }: Json): boolean => !/^(channel|group)_/.test(subtype ?? "");
