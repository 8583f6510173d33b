/**
 * Whether a write of unknown outcome took effect. Every post carries its key as metadata, and Slack gives that back to
 * the app that wrote it; an upload is known by its file.
 */
import type { WebClient } from "@slack/web-api";
import type { Head, Posted } from "../core/slack-queue.ts";

export const METADATA = "polaris_post";

/** Clocks differ: Slack's ts is Slack's time. */
const SLACK_MS = 120_000;
const PAGES = 10;

export async function lookup(
  client: WebClient,
  head: Head,
  at: { channel: string; threadTs: string | undefined },
  count: (method: string) => Promise<void>,
): Promise<Posted | undefined> {
  const { channel, threadTs } = at;
  const oldest = String(((head.note.firstAt ?? Date.now()) - SLACK_MS) / 1000);
  let cursor: string | undefined;
  for (let page = 0; page < PAGES; page++) {
    const wanted = {
      channel,
      oldest,
      limit: 200,
      include_all_metadata: true,
      ...(cursor ? { cursor } : {}),
    };
    await count(threadTs ? "conversations.replies" : "conversations.history");
    const { messages = [], response_metadata } = threadTs
      ? await client.conversations.replies({ ...wanted, ts: threadTs })
      : await client.conversations.history(wanted);
    for (const message of messages) {
      const files: { id?: string }[] = "files" in message ? (message.files ?? []) : [];
      const isFile = head.note.file && files.some(({ id }) => id === head.note.file);
      if (message.ts && (isFile || keyOf(message.metadata) === head.key)) {
        return { channel, ts: message.ts, threadTs };
      }
    }
    cursor = response_metadata?.next_cursor;
    if (!cursor) return undefined;
  }
  return undefined;
}

function keyOf(
  metadata: { event_type?: string; event_payload?: unknown } | undefined,
): string | undefined {
  if (metadata?.event_type !== METADATA) return undefined;
  const payload = metadata.event_payload;
  if (typeof payload !== "object" || payload === null || !("key" in payload)) return undefined;
  return String(payload.key);
}
