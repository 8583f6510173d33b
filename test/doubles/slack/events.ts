import { strip } from "./checks.ts";
import { type Channel, Fail, type Json, type Team, type User } from "./model.ts";
import { Sockets } from "./sockets.ts";

/** What the app is told, and the shapes of it. */
export class Events extends Sockets {
  protected emit(
    event: Json,
    where: { team: string; channel?: Channel; user?: string; source?: string },
    subscription = String(event.type),
  ): void {
    if (!this.botEvents.has(subscription)) return;
    const install = this.team(where.team).install;
    if (!install && !where.user) return;
    if (
      where.channel &&
      !where.channel.isIm &&
      install &&
      !where.channel.members.has(install.botUserId) &&
      !["channel_deleted", "channel_rename", "channel_archive", "channel_unarchive"].includes(
        subscription,
      )
    )
      return;
    const eventId = this.id("Ev");
    this.deliver("events_api", {
      token: "verification-token",
      // Where it began: in a channel shared with another company that may be theirs (bolt-js #687).
      team_id: where.source ?? where.team,
      context_team_id: where.team,
      context_enterprise_id: null,
      api_app_id: this.appId,
      event,
      type: "event_callback",
      event_id: eventId,
      event_time: Math.floor(this.now() / 1000),
      authorizations: [
        {
          enterprise_id: null,
          team_id: where.team,
          user_id: install?.botUserId ?? where.user,
          is_bot: true,
          is_enterprise_install: false,
        },
      ],
      is_ext_shared_channel: where.channel ? this.isExternal(where.channel) : false,
      event_context: `4-${eventId}`,
    });
  }
  protected emitMessage(c: Channel, m: Json): void {
    const kind = c.isIm ? "im" : c.isPrivate ? "group" : "channel";
    const event = { ...strip(m), channel: c.id, event_ts: m.ts, channel_type: kind };
    this.emit(
      event,
      { team: c.team, channel: c, source: m.source_team },
      kind === "im" ? "message.im" : kind === "group" ? "message.groups" : "message.channels",
    );
    const bot = this.team(c.team).install?.botUserId;
    if (bot && m.user && m.user !== bot && !c.isIm && String(m.text).includes(`<@${bot}>`))
      this.emit(
        { ...strip(m), type: "app_mention", subtype: undefined, channel: c.id, event_ts: m.ts },
        { team: c.team, channel: c, source: m.source_team },
      );
  }
  protected emitChanged(c: Channel, m: Json, previous: Json): void {
    const kind = c.isIm ? "im" : c.isPrivate ? "group" : "channel";
    const ts = this.ts();
    this.emit(
      {
        type: "message",
        subtype: "message_changed",
        hidden: true,
        channel: c.id,
        ts,
        event_ts: ts,
        channel_type: kind,
        message: strip(m),
        previous_message: strip(previous),
      },
      { team: c.team, channel: c, source: m.source_team },
      kind === "im" ? "message.im" : kind === "group" ? "message.groups" : "message.channels",
    );
  }
  protected store(c: Channel, m: Json, thread?: string, broadcast?: boolean): Json {
    if (thread) {
      const parent = c.messages.find((x) => x.ts === thread);
      if (!parent) throw new Fail("thread_not_found");
      m.thread_ts = parent.thread_ts ?? parent.ts;
      m.parent_user_id = parent.user;
      parent.thread_ts ??= parent.ts;
      parent.reply_count = (parent.reply_count ?? 0) + 1;
      parent.reply_users = [...new Set([...(parent.reply_users ?? []), m.user ?? m.bot_id])];
      parent.reply_users_count = parent.reply_users.length;
      parent.latest_reply = m.ts;
      if (broadcast) {
        m.subtype = "thread_broadcast";
        m.root = strip(parent);
      }
    }
    c.messages.push(m);
    this.emitMessage(c, m);
    return m;
  }
  protected drop(c: Channel, m: Json): void {
    c.messages.splice(c.messages.indexOf(m), 1);
    const kind = c.isIm ? "im" : c.isPrivate ? "group" : "channel";
    const ts = this.ts();
    this.emit(
      {
        type: "message",
        subtype: "message_deleted",
        hidden: true,
        channel: c.id,
        ts,
        event_ts: ts,
        deleted_ts: m.ts,
        channel_type: kind,
        previous_message: strip(m),
      },
      { team: c.team, channel: c, source: m.source_team },
      kind === "im" ? "message.im" : kind === "group" ? "message.groups" : "message.channels",
    );
  }
  protected find(c: Channel, ts: string): Json {
    const m = c.messages.find((x) => x.ts === ts);
    if (!m) throw new Fail("message_not_found");
    return m;
  }
  protected interaction(type: string, u: User, team: string): Json {
    return {
      type,
      user: { id: u.id, username: u.name, name: u.name, team_id: u.home ?? team },
      api_app_id: this.appId,
      token: "verification-token",
      team: { id: team, domain: this.teams.get(team)?.domain ?? "elsewhere" },
      enterprise: null,
      is_enterprise_install: false,
      trigger_id: this.trigger(),
    };
  }
  protected trigger(): string {
    const id = `${++this.seq}.${Date.now()}.${crypto.randomUUID().replaceAll("-", "")}`;
    this.triggers.set(id, { at: Date.now(), used: false });
    return id;
  }
  protected responseUrl(channel?: string, ts?: string): string {
    const id = crypto.randomUUID();
    this.responseUrls.set(id, { at: Date.now(), uses: 0, channel, ts });
    return `${this.url}/response/${id}`;
  }

  protected validName(t: Team, name: unknown, except?: Channel): string {
    const n = String(name ?? "");
    if (!n) throw new Fail("invalid_name_required");
    if (n.length > 80) throw new Fail("invalid_name_maxlength");
    if (/[^\p{Ll}\p{Lo}\p{N}_-]/u.test(n)) throw new Fail("invalid_name_specials");
    if (/^[_-]+$/.test(n)) throw new Fail("invalid_name_punctuation");
    if (
      t.reserved.has(n) ||
      [...t.channels.values()].some((c) => c !== except && !c.isDeleted && c.name === n)
    )
      throw new Fail("name_taken");
    return n;
  }
  /** The line that Slack writes into a channel's history about what was done to it; the app is told like of any other. */
  protected remark(c: Channel, user: string, what: string, text: string, more: Json = {}): void {
    const subtype = `${c.isPrivate ? "group" : "channel"}_${what}`;
    this.store(c, { type: "message", subtype, user, text, ...more, ts: this.ts() });
  }
  protected rename(c: Channel, name: string, by: string): void {
    const old_name = c.name;
    c.previousNames.unshift(c.name);
    c.name = name;
    const text = `<@${by}> has renamed the channel from "${old_name}" to "${name}"`;
    this.remark(c, by, "name", text, { old_name, name });
    this.emit(
      {
        type: "channel_rename",
        channel: { id: c.id, name, created: c.created, is_channel: true },
        event_ts: this.ts(),
      },
      { team: c.team, channel: c },
    );
  }
}
