import { streamText, strip } from "./checks.ts";
import { Conversations } from "./conversations.ts";
import { Fail, type Json, type Token } from "./model.ts";

/** chat.*: posts, edits, private words, streams. */
export class Chat extends Conversations {
  protected inChat(method: string, a: Json, k: Token): Json | undefined {
    const t = this.team(k.team);
    const me = k.user;
    switch (method) {
      case "chat.postMessage": {
        const ref = String(a.channel ?? "");
        const c = /^[UW]/.test(ref)
          ? t.users.has(ref)
            ? this.im(t, me, ref)
            : undefined
          : ref.startsWith("#")
            ? [...t.channels.values()].find((x) => x.name === ref.slice(1) && !x.isDeleted)
            : this.chan(t, k, ref);
        if (!c) throw new Fail("channel_not_found");
        if (c.isArchived) throw new Fail("is_archived");
        if (!c.members.has(me) && !(k.scopes.has("chat:write.public") && !c.isPrivate))
          throw new Fail("not_in_channel");
        const m = this.store(
          c,
          { ...this.authored(t, k, a), ...this.content(a), ts: this.ts() },
          a.thread_ts as string | undefined,
          a.reply_broadcast === true,
        );
        const cut = String(a.text ?? "").length > 40_000;
        return {
          channel: c.id,
          ts: m.ts,
          message: strip(m),
          ...(cut
            ? {
                warning: "message_truncated",
                response_metadata: { warnings: ["message_truncated"] },
              }
            : {}),
        };
      }
      case "chat.update": {
        const c = this.chan(t, k, a.channel);
        if (c.isArchived) throw new Fail("is_inactive");
        const m = this.find(c, String(a.ts));
        if (m.bot_id !== k.botId) throw new Fail("cant_update_message");
        if (m.__streaming) throw new Fail("streaming_state_conflict");
        if (String(a.text ?? "").length > 4000) throw new Fail("msg_too_long");
        const previous = { ...m };
        const next = this.content(a);
        if (!a.blocks && !a.text) next.text = m.text;
        Object.assign(m, next, { edited: { user: me, ts: this.ts() } });
        if (a.text && !a.blocks) delete m.blocks;
        this.emitChanged(c, m, previous);
        return { channel: c.id, ts: m.ts, text: m.text, message: strip(m) };
      }
      case "chat.delete": {
        const c = this.chan(t, k, a.channel);
        const m = this.find(c, String(a.ts));
        if (m.bot_id !== k.botId || (m.subtype === "bot_message" && m.username))
          throw new Fail("cant_delete_message");
        this.drop(c, m);
        return { channel: c.id, ts: m.ts };
      }
      case "chat.postEphemeral": {
        const c = this.chan(t, k, a.channel, { member: true, live: true });
        if (!c.members.has(String(a.user))) throw new Fail("user_not_in_channel");
        const message_ts = this.ts();
        this.ephemerals.push({ channel: c.id, user: a.user, ...this.content(a), ts: message_ts });
        return { message_ts };
      }
      case "chat.getPermalink": {
        const c = this.chan(t, k, a.channel);
        const m = this.find(c, String(a.message_ts));
        return {
          channel: c.id,
          permalink: `https://${t.domain}.slack.com/archives/${c.id}/p${String(m.ts).replace(".", "")}${m.thread_ts && m.thread_ts !== m.ts ? `?thread_ts=${m.thread_ts}&cid=${c.id}` : ""}`,
        };
      }
      case "chat.startStream": {
        const c = this.opt.upstream
          ? this.ghost(t, String(a.channel))
          : this.chan(t, k, a.channel, { live: true, member: true });
        if (!c.isIm && !a.recipient_user_id) throw new Fail("missing_recipient_user_id");
        if (!c.isIm && !a.recipient_team_id) throw new Fail("missing_recipient_team_id");
        const m: Json = {
          ...this.authored(t, k, a),
          text: streamText(a),
          ts: this.ts(),
          __streaming: true,
        };
        if (this.opt.upstream) c.messages.push({ ...m, thread_ts: a.thread_ts });
        else this.store(c, m, a.thread_ts as string | undefined);
        return { channel: c.id, ts: m.ts };
      }
      case "chat.appendStream":
      case "chat.stopStream": {
        const c = this.opt.upstream ? this.ghost(t, String(a.channel)) : this.chan(t, k, a.channel);
        const m = this.find(c, String(a.ts));
        if (m.__stoppedByUser) throw new Fail("stopped_by_user");
        if (!m.__streaming) throw new Fail("message_not_in_streaming_state");
        if (String(a.markdown_text ?? "").length > 12_000) throw new Fail("msg_too_long");
        m.text += streamText(a);
        if (method === "chat.stopStream") {
          m.__streaming = false;
          if (a.blocks) m.blocks = a.blocks;
          return { channel: c.id, ts: m.ts, message: strip(m) };
        }
        return { channel: c.id, ts: m.ts };
      }
      default:
        return undefined;
    }
  }
}
