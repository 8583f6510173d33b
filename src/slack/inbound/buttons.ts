import type { App } from "@slack/bolt";
import type { WebClient } from "@slack/web-api";
import { z } from "zod";
import { byChannel } from "../../core/slack-channels.ts";
import * as inbound from "../../core/slack-inbound.ts";
import { PolarisError } from "../../wire/error.ts";
import { escaped } from "../format/safe.ts";
import type { Deps } from "../listeners.ts";
import { ACTIONS, section } from "../mirror/card.ts";
import { deliver } from "./deliver.ts";
import { hint, PICK } from "./hint.ts";
import { sendTo } from "./send.ts";
import { type Spot, whois } from "./whom.ts";
import { addressOf, wordsOf } from "./words.ts";

/** What is clicked, and where; Slack's own types leave most of it open. */
const Click = z.object({
  user: z.object({ id: z.string() }),
  channel: z.object({ id: z.string() }).optional(),
  trigger_id: z.string().default(""),
  actions: z.array(z.object({ action_id: z.string(), value: z.string().default("") })).min(1),
});

const Chosen = z.object({
  user: z.object({ id: z.string() }),
  channel: z.object({ id: z.string() }),
  message_ts: z.string(),
});

const Found = z.object({
  messages: z.array(z.object({ ts: z.string(), text: z.string().default("") })).default([]),
});

const SEND = "polaris_send_modal";
const Submitted = z.object({
  user: z.object({ id: z.string() }),
  view: z.object({
    private_metadata: z.string(),
    state: z.object({
      values: z.record(z.string(), z.record(z.string(), z.object({ value: z.string().nullish() }))),
    }),
  }),
});

/** Whose click it is, from Bolt's context. */
export const spotOf = (
  context: { teamId?: string; org?: unknown },
  user: string,
  channel?: string,
): Spot => {
  const { teamId: team, org } = context;
  if (!team || typeof org !== "string") throw new Error("Slack did not say which workspace");
  return { org, team, user, channel };
};

export function buttons(app: App, deps: Deps): void {
  const { db } = deps;

  // An address: the browser opens it; Slack only wants to hear that it was heard.
  app.action("polaris_open", async ({ ack }) => ack());

  app.action(ACTIONS.follow, async ({ ack, body, context, respond, client }) => {
    await ack();
    const { user, channel, actions } = Click.parse(body);
    const spot = spotOf(context, user.id, channel?.id);
    const session = actions[0]?.value ?? "";
    const text = await inWords(async () => {
      const somebody = await whois(deps, client, spot);
      const meant = await db.as(spot.org, (tx) => inbound.sessionById(tx, somebody, session));
      if (!meant) throw unseen();
      const wanted = { org: spot.org, session, team: spot.team, slackUser: user.id };
      const follows = await db.as(spot.org, (tx) => inbound.toggleFollow(tx, wanted));
      return follows
        ? `You follow ${meant.name}: when it needs a human, a message comes to you.`
        : `You do not follow ${meant.name} any more.`;
    });
    await respond({ text, response_type: "ephemeral", replace_original: false });
  });

  app.action(ACTIONS.send, async ({ ack, body, context, client }) => {
    await ack();
    const { user, channel, trigger_id, actions } = Click.parse(body);
    const spot = spotOf(context, user.id, channel?.id);
    await openModal(deps, client, spot, trigger_id, actions[0]?.value ?? "");
  });

  app.view(SEND, async ({ ack, body, context, client }) => {
    const { user, view } = Submitted.parse(body);
    const text = view.state.values.words?.text?.value?.trim() ?? "";
    const [session = "", channel] = view.private_metadata.split(" ");
    const spot = spotOf(context, user.id, channel);
    const refusal = await refusalOf(() => sendTo(deps, client, spot, { session, text }));
    if (!refusal) return ack();
    await ack({ response_action: "errors", errors: { words: refusal } });
  });

  // Anybody's message, sent on by whoever chose it in the message's menu.
  app.shortcut("polaris_send_message", async ({ ack, body, context, client, respond }) => {
    await ack();
    const { user, channel, message_ts: ts } = Chosen.parse(body);
    const spot = spotOf(context, user.id, channel.id);
    const said = await whois(deps, client, spot);
    const found = await db.as(spot.org, async (tx) => {
      const place = await byChannel(tx, spot.team, channel.id);
      return inbound.liveSessions(tx, said, { project: place?.project });
    });
    const asked = hint(found, { channel: channel.id, ts }, "Send this message to an agent.");
    await respond({ response_type: "ephemeral", replace_original: false, ...asked });
  });

  // "For which session is it?": the message is read again, as it is now.
  app.action(PICK, async ({ ack, body, context, client, respond }) => {
    await ack();
    const { user, actions } = Click.parse(body);
    const [session = "", channel = "", ts = "", thread = ""] = actions[0]?.value.split(" ") ?? [];
    const spot = spotOf(context, user.id, channel);
    const { messages } = Found.parse(
      await client.conversations.history({
        channel,
        latest: ts,
        oldest: ts,
        inclusive: true,
        limit: 1,
      }),
    );
    const raw = messages.find((it) => it.ts === ts)?.text ?? "";
    const somebody = await whois(deps, client, spot);
    const meant = await db.as(spot.org, (tx) => inbound.sessionById(tx, somebody, session));
    const isSent =
      meant &&
      raw !== "" &&
      (await deliver(
        deps,
        client,
        {
          ...spot,
          channel,
          ts,
          thread: thread || undefined,
          text: wordsOf(addressOf(raw, context.botUserId ?? "").text, (id) => id),
        },
        meant,
      ));
    const text = isSent ? `Sent to ${meant.name}.` : "It was not sent.";
    await respond({ text, replace_original: true });
  });
}

async function openModal(
  deps: Deps,
  client: WebClient,
  spot: Spot,
  trigger: string,
  session: string,
): Promise<void> {
  const somebody = await whois(deps, client, spot);
  const meant = await deps.db.as(spot.org, (tx) => inbound.sessionById(tx, somebody, session));
  const blocks = meant
    ? [
        section(
          `To *${escaped(meant.name)}* in ${escaped(meant.slug)}. The agent is told who you are.`,
        ),
        {
          type: "input",
          block_id: "words",
          label: { type: "plain_text", text: "Message" },
          element: {
            type: "plain_text_input",
            action_id: "text",
            multiline: true,
            max_length: 3000,
          },
        },
      ]
    : [section("You cannot see this session in Polaris.")];
  const view = {
    type: "modal",
    callback_id: SEND,
    private_metadata: [session, spot.channel ?? ""].join(" ").trim(),
    title: { type: "plain_text", text: "Send a message" },
    ...(meant ? { submit: { type: "plain_text", text: "Send" } } : {}),
    close: { type: "plain_text", text: "Close" },
    blocks,
  };
  await client.apiCall("views.open", { trigger_id: trigger, view });
}

export const unseen = (): PolarisError =>
  new PolarisError("not_found", "There is no such session, or you cannot see it in Polaris.");

/** What was done in words, or why it was not. */
export async function inWords(work: () => Promise<string>): Promise<string> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PolarisError)) throw error;
    return escaped(error.hint ? `${error.message} ${error.hint}` : error.message);
  }
}

async function refusalOf(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!(error instanceof PolarisError)) throw error;
    return error.hint ? `${error.message} ${error.hint}` : error.message;
  }
}
