/** Makes the channel a project wants. Its id is the truth; its name is the first free one of a ladder. */
import { randomBytes } from "node:crypto";
import { WebAPIPlatformError, type WebClient } from "@slack/web-api";

export interface Made {
  channel: string;
  name: string;
  isPrivate: boolean;
}

/** Lower case letters of any script, digits, dash, underscore; room for a suffix below Slack's 80. */
export function channelName(wanted: string): string {
  const name = wanted
    .normalize("NFC")
    .toLowerCase()
    .replace(/[^\p{Ll}\p{Lo}\p{N}_-]+/gu, "-")
    .replace(/^[-_]+|[-_]+$/g, "")
    .slice(0, 72);
  return name || "polaris";
}

/** Names of archived and deleted channels stay taken in Slack, and so do those of private ones that we cannot see. */
export function ladder(wanted: string): string[] {
  const name = channelName(wanted);
  const numbered = Array.from({ length: 8 }, (_, at) => `${name}-${at + 2}`);
  return [name, `p-${name}`, ...numbered, `${name}-${randomBytes(2).toString("hex")}`];
}

/**
 * Creates it, or finds the one that an earlier try made before it could be written down: a live public channel of that
 * name that this bot created and that is no project's. Channels that people made are never taken over unasked.
 * `count` waits until Slack may be called.
 */
export async function make(
  client: WebClient,
  wanted: { name: string; botUser: string; isTaken: (channel: string) => Promise<boolean> },
  count: (method: string) => Promise<void>,
): Promise<Made> {
  let last: unknown;
  for (const name of ladder(wanted.name)) {
    try {
      await count("conversations.create");
      const { channel } = await client.conversations.create({ name });
      if (!channel?.id) throw new Error("Slack made a channel without an id");
      return { channel: channel.id, name: channel.name ?? name, isPrivate: false };
    } catch (error) {
      if (wordOf(error) !== "name_taken") throw error;
      last = error;
      const own = await find(client, name, count);
      if (own?.creator !== wanted.botUser || own.is_archived || !own.id) continue;
      if (await wanted.isTaken(own.id)) continue;
      await count("conversations.join");
      await client.conversations.join({ channel: own.id });
      return { channel: own.id, name, isPrivate: false };
    }
  }
  throw last;
}

async function find(client: WebClient, name: string, count: (method: string) => Promise<void>) {
  let cursor: string | undefined;
  do {
    await count("conversations.list");
    const more = cursor ? { cursor } : {};
    const page = await client.conversations.list({
      limit: 1000,
      types: "public_channel",
      ...more,
    });
    const found = page.channels?.find((channel) => channel.name === name);
    if (found) return found;
    cursor = page.response_metadata?.next_cursor;
  } while (cursor);
  return undefined;
}

export const wordOf = (error: unknown): string =>
  error instanceof WebAPIPlatformError ? error.data.error : "";
