import { strip } from "./checks.ts";
import { Fail, type Json, type Token } from "./model.ts";
import { Shapes } from "./shapes.ts";

/** conversations.* */
export class Conversations extends Shapes {
  protected inConversations(method: string, a: Json, k: Token): Json | undefined {
    const t = this.team(k.team);
    const me = k.user;
    switch (method) {
      case "users.conversations":
      case "conversations.list": {
        const types = String(a.types ?? "public_channel").split(",");
        const all = [...t.channels.values()].filter(
          (c) =>
            !c.isDeleted &&
            !c.isIm &&
            (c.isPrivate
              ? types.includes("private_channel") && c.members.has(me)
              : types.includes("public_channel")) &&
            !(a.exclude_archived && c.isArchived) &&
            (method === "conversations.list" || c.members.has(me)),
        );
        const p = this.page(all, a);
        return {
          channels: p.items.map((c) => ({
            ...this.asChannel(c, me),
            ...(method === "conversations.list" ? { num_members: c.members.size } : {}),
          })),
          ...p.meta,
        };
      }
      case "conversations.create": {
        if (t.restrictChannelCreation) throw new Fail("restricted_action");
        const c = this.makeChannel(t, this.validName(t, a.name), me, a.is_private === true, [me]);
        return { channel: this.asChannel(c, me) };
      }
      case "conversations.info": {
        const c = this.chan(t, k, a.channel);
        return {
          channel: {
            ...this.asChannel(c, me),
            ...(a.include_num_members ? { num_members: c.members.size } : {}),
          },
        };
      }
      case "conversations.members": {
        const p = this.page([...this.chan(t, k, a.channel).members], a);
        return { members: p.items, ...p.meta };
      }
      case "conversations.join": {
        const c = this.chan(t, k, a.channel, { live: true });
        if (c.isPrivate || c.isIm) throw new Fail("method_not_supported_for_channel_type");
        const had = c.members.has(me);
        c.members.add(me);
        if (!had) this.remark(c, me, "join", `<@${me}> has joined the channel`);
        if (!had)
          this.emit(
            {
              type: "member_joined_channel",
              user: me,
              channel: c.id,
              channel_type: "C",
              team: t.id,
              event_ts: this.ts(),
            },
            { team: t.id, channel: c },
          );
        return {
          channel: this.asChannel(c, me),
          ...(had
            ? {
                warning: "already_in_channel",
                response_metadata: { warnings: ["already_in_channel"] },
              }
            : {}),
        };
      }
      case "conversations.leave": {
        const c = this.chan(t, k, a.channel, { live: true });
        return c.members.delete(me) ? {} : { not_in_channel: true };
      }
      case "conversations.invite": {
        const c = this.chan(t, k, a.channel, { member: true, live: true });
        const ids = String(a.users ?? "")
          .split(",")
          .map((s) => s.trim())
          .filter(Boolean);
        if (!ids.length) throw new Fail("no_user");
        if (ids.length > 100) throw new Fail("invalid_arguments");
        const bad: Json[] = [];
        const good: string[] = [];
        for (const id of ids) {
          const u = t.users.get(id);
          const error =
            id === me
              ? "cant_invite_self"
              : !u || u.deleted
                ? "user_not_found"
                : u.isRestricted
                  ? "user_is_restricted"
                  : c.members.has(id)
                    ? "already_in_channel"
                    : "";
          if (error) bad.push({ user: id, ok: false, error });
          else good.push(id);
        }
        if (bad.length && !(a.force && good.length)) throw new Fail(bad[0]?.error, { errors: bad });
        for (const id of good) {
          c.members.add(id);
          this.emit(
            {
              type: "member_joined_channel",
              user: id,
              inviter: me,
              channel: c.id,
              channel_type: "C",
              team: t.id,
              event_ts: this.ts(),
            },
            { team: t.id, channel: c },
          );
        }
        return { channel: this.asChannel(c, me), ...(bad.length ? { errors: bad } : {}) };
      }
      case "conversations.kick": {
        const c = this.chan(t, k, a.channel, { member: true });
        if (a.user === me) throw new Fail("cant_kick_self");
        c.members.delete(String(a.user));
        return {};
      }
      case "conversations.rename": {
        const c = this.chan(t, k, a.channel, { live: true, member: true });
        if (c.creator !== me) throw new Fail("not_authorized");
        this.rename(c, this.validName(t, a.name, c), me);
        return { channel: this.asChannel(c, me) };
      }
      case "conversations.setTopic":
      case "conversations.setPurpose": {
        const c = this.chan(t, k, a.channel, { live: true, member: true });
        const key = method === "conversations.setTopic" ? "topic" : "purpose";
        if (String(a[key] ?? "").length > 250) throw new Fail("too_long");
        c[key] = String(a[key] ?? "");
        this.store(c, {
          ...this.authored(t, k, {}),
          subtype: `channel_${key}`,
          text: `set the channel ${key}: ${c[key]}`,
          [key]: c[key],
          ts: this.ts(),
        });
        return { channel: this.asChannel(c, me) };
      }
      case "conversations.archive": {
        const c = this.chan(t, k, a.channel);
        if (c.isArchived) throw new Fail("already_archived");
        if (!c.members.has(me)) throw new Fail("not_in_channel");
        if (c.name === "general") throw new Fail("cant_archive_general");
        this.remark(c, me, "archive", `<@${me}> archived the channel`);
        c.isArchived = true;
        this.emit(
          { type: "channel_archive", channel: c.id, user: me, event_ts: this.ts() },
          { team: t.id, channel: c },
        );
        return {};
      }
      case "conversations.unarchive": {
        const c = this.chan(t, k, a.channel);
        if (!c.isArchived) throw new Fail("not_archived");
        if (!c.members.has(me)) throw new Fail("not_in_channel");
        c.isArchived = false;
        this.remark(c, me, "unarchive", `<@${me}> unarchived the channel`);
        this.emit(
          { type: "channel_unarchive", channel: c.id, user: me, event_ts: this.ts() },
          { team: t.id, channel: c },
        );
        return {};
      }
      case "conversations.open": {
        const ids = String(a.users ?? "")
          .split(",")
          .filter(Boolean);
        if (ids.length !== 1) throw new Fail("method_not_supported_for_channel_type");
        if (!t.users.has(ids[0] as string)) throw new Fail("user_not_found");
        return { channel: { id: this.im(t, me, ids[0] as string).id } };
      }
      case "conversations.history":
      case "conversations.replies": {
        const c = this.chan(t, k, a.channel, { member: true });
        const replies = method === "conversations.replies";
        if (replies && !c.messages.some((m) => m.ts === a.ts)) throw new Fail("thread_not_found");
        const inRange = (m: Json): boolean =>
          (!a.oldest || (a.inclusive ? m.ts >= a.oldest : m.ts > a.oldest)) &&
          (!a.latest || (a.inclusive ? m.ts <= a.latest : m.ts < a.latest));
        let all = (replies ? this.messages(c.id, String(a.ts)) : this.messages(c.id))
          .filter((m) => inRange(m) || (replies && m.ts === a.ts))
          .map(strip);
        if (!replies) all = all.reverse();
        if (!a.include_all_metadata) all = all.map(({ metadata: _m, ...rest }) => rest);
        const p = this.page(all, a, 100, 999);
        return {
          messages: p.items,
          has_more: p.meta.response_metadata.next_cursor !== "",
          ...p.meta,
        };
      }
      default:
        return undefined;
    }
  }
}
