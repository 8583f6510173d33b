import type { Channel, Json } from "./model.ts";
import { People } from "./people.ts";

/** What a workspace's admins do to channels and apps. */
export class Admins extends People {
  async adminRename(channelRef: string, name: string): Promise<void> {
    const c = this.channel(channelRef);
    await this.asAdmin(c, "conversations.rename", { name });
    this.rename(c, name, this.admin(c.team));
  }
  async adminArchive(channelRef: string): Promise<void> {
    const c = this.channel(channelRef);
    await this.asAdmin(c, "conversations.archive");
    const who = this.admin(c.team);
    this.remark(c, who, "archive", `<@${who}> archived the channel`);
    c.isArchived = true;
    this.emit(
      { type: "channel_archive", channel: c.id, user: this.admin(c.team), event_ts: this.ts() },
      { team: c.team, channel: c },
    );
  }
  /** Another app's token, for a second connection. */
  addAppToken(value: string): void {
    const scopes = new Set(["connections:write"]);
    this.tokens.set(value, { value, kind: "app", team: "", scopes, user: "", revoked: false });
  }
  /** Twelve hours pass for every bot token of the workspace. */
  expireTokens(team?: string): void {
    const { id } = this.team(team);
    for (const token of this.tokens.values()) {
      if (token.kind === "bot" && token.team === id) token.expiresAt = this.now() - 1;
    }
  }
  protected admin(team: string): string {
    const people = [...this.team(team).users.values()].filter((u) => !u.isBot);
    const known = people.find(({ id }) => this.opt.upstreamUserTokens?.[id]);
    return (known ?? people[0])?.id ?? "";
  }
  /** Where `emulate` keeps the channels, it is asked too. */
  private async asAdmin(c: Channel, method: string, args: Json = {}): Promise<void> {
    if (!this.opt.upstream) return;
    const who = this.admin(c.team);
    if (!c.isPrivate && !c.isArchived)
      await this.asPerson(who, "conversations.join", { channel: c.id });
    await this.asPerson(who, method, { channel: c.id, ...args });
  }
  async adminUnarchive(channelRef: string): Promise<void> {
    const c = this.channel(channelRef);
    await this.asAdmin(c, "conversations.unarchive");
    c.isArchived = false;
    const who = this.admin(c.team);
    this.remark(c, who, "unarchive", `<@${who}> unarchived the channel`);
    this.emit(
      { type: "channel_unarchive", channel: c.id, user: this.admin(c.team), event_ts: this.ts() },
      { team: c.team, channel: c },
    );
  }
  /** A channel that people made. */
  async addChannel(
    name: string,
    { isPrivate = false, team }: { isPrivate?: boolean; team?: string } = {},
  ): Promise<Channel> {
    const t = this.team(team);
    const first = this.admin(t.id);
    if (this.opt.upstream) {
      const args = { name, is_private: isPrivate };
      const { channel } = await this.asPerson(first, "conversations.create", args);
      const c = this.ghost(t, channel.id);
      c.members.add(first);
      return Object.assign(c, { name, isPrivate, creator: first });
    }
    return this.makeChannel(t, name, first, isPrivate, [first]);
  }
  adminDelete(channelRef: string): void {
    const c = this.channel(channelRef);
    c.isDeleted = true;
    if (this.opt.reserveDeletedNames ?? true) this.team(c.team).reserved.add(c.name);
    this.emit(
      { type: "channel_deleted", channel: c.id, event_ts: this.ts() },
      { team: c.team, channel: c },
    );
  }
  /** Brings the app into a channel, as `/invite` does. */
  async inviteBot(channelRef: string): Promise<void> {
    const c = this.channel(channelRef);
    const bot = this.team(c.team).install?.botUserId ?? "";
    await this.asAdmin(c, "conversations.invite", { users: bot });
    c.members.add(bot);
  }
  async kickBot(channelRef: string): Promise<void> {
    const c = this.channel(channelRef);
    const bot = this.team(c.team).install?.botUserId;
    if (!bot || !c.members.has(bot)) return;
    await this.asAdmin(c, "conversations.kick", { user: bot });
    c.members.delete(bot);
    this.emit(
      {
        type: "member_left_channel",
        user: bot,
        channel: c.id,
        channel_type: "C",
        team: c.team,
        event_ts: this.ts(),
      },
      { team: c.team },
    );
  }
}
