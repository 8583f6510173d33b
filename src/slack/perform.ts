/** One write, as Slack's own methods. */
import type { ChatPostMessageArguments, ChatUpdateArguments, WebClient } from "@slack/web-api";
import { z } from "zod";
import type { Head, Posted } from "../core/slack-queue.ts";
import { CALL_MS } from "./call.ts";
import { METADATA } from "./lookup.ts";

export interface Place {
  channel: string;
  threadTs: string | undefined;
}

type Payload = Record<string, unknown>;

/** Nothing of a stranger's message unfolds or calls anybody. */
const STILL = { unfurl_links: false, unfurl_media: false, link_names: false };

const File = z.object({
  filename: z.string(),
  content: z.string(),
  title: z.string().optional(),
  snippet_type: z.string().optional(),
  initial_comment: z.string().optional(),
});
const Named = z.object({ name: z.string() });
const Topic = z.object({ topic: z.string() });
const Ephemeral = z.looseObject({ user: z.string(), text: z.string().default("") });
const Words = z.looseObject({ text: z.string().default("") });

/** Which of Slack's methods does it: what its rate is counted by. */
export const METHOD = {
  post: "chat.postMessage",
  update: "chat.update",
  react: "reactions.add",
  unreact: "reactions.remove",
  ephemeral: "chat.postEphemeral",
  upload: "files.completeUploadExternal",
  topic: "conversations.setTopic",
  archive: "conversations.archive",
} as const;

/** The same words without anything that Slack could dislike. */
export function plain(payload: Payload): Payload {
  const { blocks: _blocks, attachments: _attachments, markdown_text, ...rest } = payload;
  const text = String(rest.text || markdown_text || "This message could not be shown in Slack.");
  return { ...rest, text: text.length > 3900 ? `${text.slice(0, 3900).toWellFormed()} …` : text };
}

export async function perform(
  client: WebClient,
  { key, method, targetTs, note }: Head,
  payload: Payload,
  { channel, threadTs }: Place,
  remember: (file: string) => Promise<void>,
): Promise<Posted | undefined> {
  const thread = threadTs ? { thread_ts: threadTs } : {};
  const ts = targetTs ?? String(payload.ts ?? "");
  switch (method) {
    case "post": {
      const metadata = { event_type: METADATA, event_payload: { key } };
      // Slack itself is the judge of blocks; what it refuses is sent again in plain text.
      const words = Words.parse(payload) as unknown as ChatPostMessageArguments;
      const sent = await client.chat.postMessage({
        ...STILL,
        ...words,
        ...thread,
        channel,
        metadata,
      } as ChatPostMessageArguments);
      return { channel: sent.channel ?? channel, ts: sent.ts ?? "", threadTs };
    }
    case "update": {
      const { link_names } = STILL;
      const words = Words.parse(payload) as unknown as ChatUpdateArguments;
      await client.chat.update({ ...words, channel, ts, link_names } as ChatUpdateArguments);
      return undefined;
    }
    case "react":
      await client.reactions.add({ channel, timestamp: ts, name: Named.parse(payload).name });
      return undefined;
    case "unreact":
      await client.reactions.remove({ channel, timestamp: ts, name: Named.parse(payload).name });
      return undefined;
    case "ephemeral": {
      const { user, text, ...more } = Ephemeral.parse(payload);
      await client.chat.postEphemeral({
        link_names: false,
        ...more,
        ...thread,
        channel,
        user,
        text,
      });
      return undefined;
    }
    case "upload": {
      const { filename, content, title, snippet_type, initial_comment } = File.parse(payload);
      const id = note.file ?? (await upload(client, { filename, content, snippet_type }));
      if (!note.file) await remember(id);
      await client.files.completeUploadExternal({
        files: [{ id, title: title ?? filename }],
        channel_id: channel,
        ...(threadTs ? { thread_ts: threadTs } : {}),
        ...(initial_comment ? { initial_comment } : {}),
      });
      return undefined;
    }
    case "topic":
      await client.conversations.setTopic({ channel, topic: Topic.parse(payload).topic });
      return undefined;
    case "archive":
      await client.conversations.archive({ channel });
      return undefined;
  }
}

/** Brings the bytes to Slack; nobody sees them before they are put into a channel. */
async function upload(
  client: WebClient,
  file: { filename: string; content: string; snippet_type: string | undefined },
): Promise<string> {
  const bytes = Buffer.from(file.content || " ");
  const { upload_url, file_id } = await client.files.getUploadURLExternal({
    filename: file.filename,
    length: bytes.length,
    ...(file.snippet_type ? { snippet_type: file.snippet_type } : {}),
  });
  if (!upload_url || !file_id) throw new Error("Slack gave no address for the file");
  const signal = AbortSignal.timeout(CALL_MS);
  const answer = await fetch(upload_url, { method: "POST", body: bytes, signal });
  if (!answer.ok) throw new Error(`the upload was answered with HTTP ${answer.status}`);
  return file_id;
}
