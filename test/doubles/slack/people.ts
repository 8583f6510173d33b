import { Apps } from "./apps.ts";
import type { Delivery, Install, Json, Team } from "./model.ts";

/** What people do: they write, edit, react, press buttons, install the app and take it away. */
export class People extends Apps {
  /** Installs the app without the OAuth dance and returns the bot token. */
  install(
    teamRef?: Team | string,
    scopes: string[] = [
      "app_mentions:read",
      "channels:history",
      "channels:join",
      "channels:manage",
      "channels:read",
      "chat:write",
      "chat:write.customize",
      "commands",
      "files:write",
      "groups:history",
      "groups:read",
      "groups:write",
      "im:history",
      "im:write",
      "reactions:write",
      "team:read",
      "users:read",
      "users:read.email",
      "assistant:write",
      "pins:write",
      "bookmarks:write",
    ],
  ): Install {
    return this.doInstall(
      this.team(teamRef),
      scopes,
      [...this.team(teamRef).users.values()].find((u) => !u.isBot)?.id ?? "",
    );
  }
  uninstall(teamRef?: Team | string): void {
    const t = this.team(teamRef);
    const i = t.install;
    if (!i) return;
    for (const k of this.tokens.values())
      if (k.team === t.id && (k.kind === "bot" || k.kind === "user")) k.revoked = true;
    t.install = undefined;
    for (const c of t.channels.values()) c.members.delete(i.botUserId);
    const who = { team: t.id, user: i.botUserId };
    this.emit({ type: "tokens_revoked", tokens: { oauth: [], bot: [i.botUserId] } }, who);
    this.emit({ type: "app_uninstalled" }, who);
  }
  async say(
    channelRef: string,
    userRef: string,
    text: string,
    o: { thread?: string; broadcast?: boolean; files?: Json[]; team?: string } = {},
  ): Promise<Json> {
    const c = this.channel(channelRef, o.team);
    const u = this.user(c.team, userRef);
    if (this.opt.upstream) {
      const { message } = await this.asPerson(u.id, "chat.postMessage", {
        channel: c.id,
        text,
        thread_ts: o.thread,
      });
      const said = { client_msg_id: crypto.randomUUID(), ...message, user: u.id, team: c.team };
      return this.store(c, said, o.thread, o.broadcast);
    }
    const ts = this.ts();
    const m: Json = {
      client_msg_id: crypto.randomUUID(),
      type: "message",
      ...(o.files ? { subtype: "file_share", files: o.files } : {}),
      user: u.id,
      text,
      ts,
      team: u.home ?? c.team,
      ...(u.home ? { user_team: u.home, source_team: u.home } : {}),
      blocks: [
        {
          type: "rich_text",
          block_id: "b",
          elements: [{ type: "rich_text_section", elements: [{ type: "text", text }] }],
        },
      ],
    };
    return this.store(c, m, o.thread, o.broadcast);
  }
  async edit(channelRef: string, ts: string, text: string): Promise<void> {
    const c = this.channel(channelRef);
    const m = this.find(c, ts);
    if (this.opt.upstream) await this.asAuthor(m, "chat.update", { channel: c.id, ts, text });
    const previous = { ...m };
    m.text = text;
    m.edited = { user: m.user, ts: this.ts() };
    this.emitChanged(c, m, previous);
  }
  async remove(channelRef: string, ts: string): Promise<void> {
    const c = this.channel(channelRef);
    const m = this.find(c, ts);
    if (this.opt.upstream) await this.asAuthor(m, "chat.delete", { channel: c.id, ts });
    this.drop(c, m);
  }
  private asAuthor(m: Json, method: string, args: Json): Promise<Json> {
    const install = [...this.teams.values()].find((t) => t.install?.botId === m.bot_id)?.install;
    return install
      ? this.ask(install.token, method, args)
      : this.asPerson(String(m.user), method, args);
  }
  /** Somebody comes into a channel. */
  async enter(channelRef: string, userRef: string): Promise<void> {
    const c = this.channel(channelRef);
    const u = this.user(c.team, userRef);
    if (this.opt.upstream && !u.isBot)
      await this.asPerson(u.id, "conversations.join", { channel: c.id });
    if (c.members.has(u.id)) return;
    c.members.add(u.id);
    this.remark(c, u.id, "join", `<@${u.id}> has joined the channel`);
  }
  react(channelRef: string, userRef: string, ts: string, reaction: string): void {
    const c = this.channel(channelRef);
    const m = this.find(c, ts);
    this.emit(
      {
        type: "reaction_added",
        user: this.user(c.team, userRef).id,
        reaction,
        item: { type: "message", channel: c.id, ts },
        item_user: m.user ?? m.bot_id,
        event_ts: this.ts(),
      },
      { team: c.team, channel: c },
    );
  }
  async slash(userRef: string, channelRef: string, command: string, text = ""): Promise<Delivery> {
    const c = this.channel(channelRef);
    const u = this.user(c.team, userRef);
    const t = this.team(c.team);
    return this.deliver(
      "slash_commands",
      {
        token: "verification-token",
        team_id: t.id,
        team_domain: t.domain,
        channel_id: c.id,
        channel_name: c.name,
        user_id: u.id,
        user_name: u.name,
        command,
        text,
        api_app_id: this.appId,
        is_enterprise_install: "false",
        response_url: this.responseUrl(c.id),
        trigger_id: this.trigger(),
      },
      true,
    ).settled;
  }
  /** Clicks the element with this action_id in a message. */
  async click(
    userRef: string,
    channelRef: string,
    ts: string,
    actionId: string,
  ): Promise<Delivery> {
    const c = this.channel(channelRef);
    // Also in what only one person sees.
    const m = this.ephemerals.find((it) => it.ts === ts) ?? this.find(c, ts);
    const u = this.user(c.team, userRef);
    const el = (m.blocks as Json[] | undefined)
      ?.flatMap((b) =>
        [...(b.elements ?? []), ...(b.accessory ? [b.accessory] : [])].map(
          (e: Json): Json => ({ ...e, block_id: b.block_id ?? "block" }),
        ),
      )
      .find((e) => e.action_id === actionId);
    if (!el) throw new Error(`fake-slack: no element ${actionId} in ${ts}`);
    return this.deliver(
      "interactive",
      {
        ...this.interaction("block_actions", u, c.team),
        container: {
          type: "message",
          message_ts: ts,
          channel_id: c.id,
          is_ephemeral: false,
          ...(m.thread_ts ? { thread_ts: m.thread_ts } : {}),
        },
        channel: { id: c.id, name: c.name },
        message: { ...m },
        state: { values: {} },
        response_url: this.responseUrl(c.id, ts),
        actions: [{ ...el, action_ts: this.ts() }],
      },
      true,
    ).settled;
  }
  async messageShortcut(
    userRef: string,
    channelRef: string,
    ts: string,
    callbackId: string,
  ): Promise<Delivery> {
    const c = this.channel(channelRef);
    return this.deliver(
      "interactive",
      {
        ...this.interaction("message_action", this.user(c.team, userRef), c.team),
        callback_id: callbackId,
        action_ts: this.ts(),
        message_ts: ts,
        channel: { id: c.id, name: c.name },
        message: { ...this.find(c, ts) },
        response_url: this.responseUrl(c.id, ts),
      },
      true,
    ).settled;
  }
  async submitView(userRef: string, viewId: string, values: Json): Promise<Delivery> {
    const view = this.views.get(viewId);
    if (!view) throw new Error(`fake-slack: no view ${viewId}`);
    const u = this.user(view.team_id, userRef);
    return this.deliver(
      "interactive",
      {
        ...this.interaction("view_submission", u, u.home ?? view.team_id),
        // Of people of another workspace, `team` is theirs (bolt-python #767), and the app's stands in the view.
        view: { ...view, app_installed_team_id: view.team_id, state: { values } },
        response_urls: [],
      },
      true,
    ).settled;
  }
  openHome(userRef: string, teamRef?: string): void {
    const u = this.user(teamRef, userRef);
    this.emit(
      {
        type: "app_home_opened",
        user: u.id,
        channel: this.id("D"),
        tab: "home",
        event_ts: this.ts(),
      },
      { team: u.team },
    );
  }
  stopAgent(channelRef: string, threadTs: string, userRef: string): void {
    const c = this.channel(channelRef);
    const streaming = c.messages.filter((m) => m.thread_ts === threadTs && m.__streaming);
    for (const m of streaming) {
      m.__streaming = false;
      m.__stoppedByUser = true;
    }
    this.emit(
      {
        type: "agent_session_stopped",
        channel: c.id,
        user: this.user(c.team, userRef).id,
        thread_ts: threadTs,
        streaming_message_ts: streaming.map((m) => m.ts),
        event_ts: this.ts(),
      },
      { team: c.team, channel: c },
    );
  }
}
