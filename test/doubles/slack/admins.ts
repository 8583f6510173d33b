import type { Channel } from "./model.ts";
import { People } from "./people.ts";

/** What a workspace's admins do to channels and apps. */
export class Admins extends People {
  adminRename(channelRef: string, name: string): void {
    const c = this.channel(channelRef);
    this.rename(c, name);
  }
  adminArchive(channelRef: string): void {
    const c = this.channel(channelRef);
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
    return [...this.team(team).users.values()].find((u) => !u.isBot)?.id ?? "";
  }
  adminUnarchive(channelRef: string): void {
    const c = this.channel(channelRef);
    c.isArchived = false;
    this.emit(
      { type: "channel_unarchive", channel: c.id, user: this.admin(c.team), event_ts: this.ts() },
      { team: c.team, channel: c },
    );
  }
  /** A channel that people made. */
  addChannel(
    name: string,
    { isPrivate = false, team }: { isPrivate?: boolean; team?: string } = {},
  ): Channel {
    const t = this.team(team);
    const first = [...t.users.keys()][0] ?? "";
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
  kickBot(channelRef: string): void {
    const c = this.channel(channelRef);
    const bot = this.team(c.team).install?.botUserId;
    if (!bot || !c.members.delete(bot)) return;
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
