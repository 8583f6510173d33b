import { Admins } from "./admins.ts";
import { blockProblems, safeAtob } from "./checks.ts";
import {
  type Channel,
  Fail,
  type Install,
  type Json,
  type Team,
  type Token,
  type User,
} from "./model.ts";

/** Slack's own shapes of channels, people and messages, its limits and its pages. */
export class Shapes extends Admins {
  protected asChannel(c: Channel, viewer: string): Json {
    if (c.isIm)
      return {
        id: c.id,
        created: c.created,
        is_im: true,
        is_channel: false,
        is_archived: false,
        user: [...c.members].find((m) => m !== viewer),
      };
    return {
      id: c.id,
      name: c.name,
      name_normalized: c.name,
      created: c.created,
      creator: c.creator,
      is_channel: !c.isPrivate,
      is_group: c.isPrivate,
      is_im: false,
      is_mpim: false,
      is_private: c.isPrivate,
      is_archived: c.isArchived,
      is_general: c.name === "general",
      is_shared: this.isExternal(c),
      is_ext_shared: this.isExternal(c),
      is_org_shared: false,
      is_member: c.members.has(viewer),
      topic: { value: c.topic, creator: "", last_set: 0 },
      purpose: { value: c.purpose, creator: "", last_set: 0 },
      previous_names: c.previousNames,
      context_team_id: c.team,
    };
  }
  protected asUser(u: User, email: boolean): Json {
    return {
      id: u.id,
      team_id: u.home ?? u.team,
      name: u.name,
      deleted: u.deleted,
      real_name: u.realName,
      tz: "Europe/London",
      tz_offset: 0,
      profile: {
        real_name: u.realName,
        real_name_normalized: u.realName,
        display_name: u.realName || u.name,
        display_name_normalized: u.name,
        image_48: `https://avatars.example/${u.id}_48.png`,
        image_192: `https://avatars.example/${u.id}_192.png`,
        team: u.home ?? u.team,
        ...(email && u.email ? { email: u.email } : {}),
      },
      is_admin: u.isAdmin,
      is_owner: u.isAdmin,
      is_restricted: u.isRestricted,
      is_ultra_restricted: false,
      is_bot: u.isBot,
      is_app_user: false,
      updated: 0,
      is_email_confirmed: true,
    };
  }
  protected page<T>(all: T[], a: Json, fallback = 100, max = 1000): { items: T[]; meta: Json } {
    const limit = Math.min(Number(a.limit || fallback) || fallback, max);
    let from = 0;
    if (a.cursor) {
      from = Number(/^o:(\d+)$/.exec(safeAtob(String(a.cursor)))?.[1] ?? Number.NaN);
      if (Number.isNaN(from)) throw new Fail("invalid_cursor");
    }
    return {
      items: all.slice(from, from + limit),
      meta: {
        response_metadata: {
          next_cursor: from + limit < all.length ? btoa(`o:${from + limit}`) : "",
        },
      },
    };
  }
  protected chan(
    t: Team,
    k: Token,
    ref: unknown,
    o: { member?: boolean; live?: boolean } = {},
  ): Channel {
    const r = String(ref ?? "");
    const c = t.channels.get(r);
    if (!c || c.isDeleted || (c.isPrivate && !c.members.has(k.user)))
      throw new Fail("channel_not_found");
    if (o.live && c.isArchived) throw new Fail("is_archived");
    if (o.member && !c.members.has(k.user)) throw new Fail("not_in_channel");
    return c;
  }
  protected im(t: Team, a: string, b: string): Channel {
    const hit = [...t.channels.values()].find(
      (c) => c.isIm && c.members.has(a) && c.members.has(b),
    );
    if (hit) return hit;
    const c = this.makeChannel(t, "", a, false, [a, b]);
    t.channels.delete(c.id);
    c.id = `D${c.id.slice(1)}`;
    c.isIm = true;
    t.channels.set(c.id, c);
    return c;
  }
  protected content(a: Json): Json {
    const blocks = a.blocks as Json[] | undefined;
    if (a.markdown_text !== undefined && (a.text || blocks))
      throw new Fail("markdown_text_conflict");
    if (a.markdown_text !== undefined && String(a.markdown_text).length > 12_000)
      throw new Fail("msg_too_long");
    if (!a.text && !blocks?.length && !(a.attachments as unknown[])?.length && !a.markdown_text)
      throw new Fail("no_text");
    const problems = blocks ? blockProblems(blocks) : [];
    if (problems.length)
      throw new Fail("invalid_blocks", {
        errors: problems.map((p) => p.replace("[ERROR] ", "")),
        response_metadata: { messages: problems },
      });
    if (
      (blocks ?? [])
        .filter((b) => b.type === "markdown")
        .reduce((n, b) => n + String(b.text).length, 0) > 12_000
    )
      throw new Fail("msg_blocks_too_long");
    const meta = a.metadata as Json | undefined;
    if (meta && (typeof meta.event_type !== "string" || typeof meta.event_payload !== "object"))
      throw new Fail("invalid_metadata_format");
    const text = String(a.text ?? a.markdown_text ?? "");
    return {
      text: text.length > 40_000 ? text.slice(0, 40_000) : text,
      ...(blocks ? { blocks } : {}),
      ...(a.attachments ? { attachments: a.attachments } : {}),
      ...(meta ? { metadata: meta } : {}),
    };
  }
  /** With a custom name or icon Slack stores a bot_message without `user`; otherwise the bot user's own message. */
  protected authored(t: Team, k: Token, a: Json): Json {
    const i = t.install as Install;
    const custom =
      k.kind === "bot" &&
      k.scopes.has("chat:write.customize") &&
      (a.username || a.icon_emoji || a.icon_url);
    if (custom)
      return {
        type: "message",
        subtype: "bot_message",
        bot_id: k.botId,
        app_id: this.appId,
        username: a.username ?? "polaris",
        icons: a.icon_emoji
          ? { emoji: a.icon_emoji }
          : a.icon_url
            ? { image_48: a.icon_url }
            : undefined,
      };
    if (k.kind === "user") return { type: "message", user: k.user, team: t.id };
    return {
      type: "message",
      user: k.user,
      team: t.id,
      bot_id: k.botId,
      app_id: this.appId,
      bot_profile: {
        id: i.botId,
        app_id: this.appId,
        user_id: i.botUserId,
        name: "Polaris",
        deleted: false,
        updated: 0,
        team_id: t.id,
        icons: {},
      },
    };
  }
}
