import type { App } from "@slack/bolt";
import type { WebClient } from "@slack/web-api";
import { z } from "zod";
import * as agents from "../../core/agents.ts";
import { byChannel } from "../../core/slack-channels.ts";
import * as inbound from "../../core/slack-inbound.ts";
import { PolarisError } from "../../wire/error.ts";
import { escaped, line } from "../format/safe.ts";
import type { Deps } from "../listeners.ts";
import { ACTIONS, section } from "../mirror/card.ts";
import { deliver, deliverToAgent, type Letter } from "./deliver.ts";
import { hint, PICK } from "./hint.ts";
import { meantBy } from "./meant.ts";
import { readable } from "./readable.ts";
import { sendTo } from "./send.ts";
import { type Spot, whois } from "./whom.ts";
import { addressOf } from "./words.ts";

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
  message: z.object({ thread_ts: z.string().optional() }).default({}),
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
    const { user, channel, message, message_ts: ts } = Chosen.parse(body);
    const spot = spotOf(context, user.id, channel.id);
    const said = await whois(deps, client, spot);
    const { live, home } = await db.as(spot.org, async (tx) => {
      const project = (await byChannel(tx, spot.team, channel.id))?.project;
      return {
        live: await inbound.liveSessions(tx, said, { project }),
        home: project ? await agents.atHome(tx, spot.org, project) : [],
      };
    });
    const thread = message.thread_ts;
    const asked = hint(live, { channel: channel.id, ts, thread }, "Send this to an agent.", home);
    await respond({ response_type: "ephemeral", replace_original: false, ...asked });
  });

  // "For whom is it?": the message is read again, as it is now.
  app.action(PICK, async ({ ack, body, context, client, respond }) => {
    await ack();
    const { user, actions } = Click.parse(body);
    const [to = "", channel = "", ts = "", thread = ""] = actions[0]?.value.split(" ") ?? [];
    const spot = spotOf(context, user.id, channel);
    const only = { channel, latest: ts, oldest: ts, inclusive: true, limit: 10 };
    // What stands in a thread is not in the channel's history.
    const { messages } = Found.parse(
      thread
        ? await client.conversations.replies({ ...only, ts: thread })
        : await client.conversations.history(only),
    );
    const raw = messages.find((it) => it.ts === ts)?.text ?? "";
    const botUser = context.botUserId ?? "";
    const words = thread ? raw : addressOf(raw, botUser).text;
    const text = await readable(deps, { ...spot, botUser }, words);
    const letter = { ...spot, channel, ts, thread: thread || undefined, text };
    const sentTo = raw && (await pick(deps, client, letter, to));
    const said = sentTo ? `Sent to ${sentTo}.` : "It was not sent.";
    await respond({ text: said, replace_original: true });
  });
}

/** Sends it to whom was chosen; answers their name, or nothing when it was refused, which the writer is told. */
async function pick(deps: Deps, client: WebClient, letter: Letter, to: string) {
  const { db } = deps;
  const { org, team, channel } = letter;
  const somebody = await whois(deps, client, letter);
  if (!to.startsWith("agent:")) {
    const meant = await db.as(org, (tx) => inbound.sessionById(tx, somebody, to));
    return meant && (await deliver(deps, client, letter, meant)) && line(meant.name, 64);
  }
  const place = await db.as(org, (tx) => byChannel(tx, team, channel));
  if (!place) return undefined;
  const { project } = place;
  const live = await db.as(org, (tx) => inbound.liveSessions(tx, somebody, { project }));
  const called = { name: to.slice("agent:".length) };
  const { sessions, agent, who } = await meantBy(deps, letter, somebody, called, live, project);
  const [session] = sessions;
  if (session) return (await deliver(deps, client, letter, session)) && who;
  return agent && (await deliverToAgent(deps, client, letter, { agent, project })) && who;
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
