import type { WebClient } from "@slack/web-api";
import { z } from "zod";
import * as agents from "../../core/agents.ts";
import { edit, recall } from "../../core/injections.ts";
import * as advice from "../../core/slack-advice.ts";
import { byChannel, noteShared } from "../../core/slack-channels.ts";
import * as inbound from "../../core/slack-inbound.ts";
import { enqueue } from "../../core/slack-outbox.ts";
import { PolarisError } from "../../wire/error.ts";
import type { Deps } from "../listeners.ts";
import { section } from "../mirror/card.ts";
import { wishesOf } from "../mirror/wishes.ts";
import { HELP } from "./command.ts";
import { deliver, deliverToAgent, type Letter, orExplain, placeOf, whisper } from "./deliver.ts";
import { hint } from "./hint.ts";
import { meantBy } from "./meant.ts";
import { readable } from "./readable.ts";
import { demandVoice, type Spot, whois } from "./whom.ts";
import { addressOf } from "./words.ts";

const Said = z.object({
  channel: z.string(),
  channel_type: z.string().optional(),
  ts: z.string(),
  subtype: z.string().optional(),
  user: z.string().optional(),
  bot_id: z.string().optional(),
  app_id: z.string().optional(),
  text: z.string().default(""),
  thread_ts: z.string().optional(),
});

const Changed = z.object({
  channel: z.string(),
  message: Said.omit({ channel: true }).optional(),
  previous_message: Said.omit({ channel: true }).optional(),
  deleted_ts: z.string().optional(),
});

/** Which kinds of messages people write; what the app or Slack itself does has others. */
const WRITTEN = new Set([undefined, "thread_broadcast", "file_share", "me_message", "bot_message"]);

export interface Room {
  org: string;
  team: string;
  botUser: string;
  botId: string;
  /** Whether people of other companies are in the channel; undefined: Slack does not say. */
  isShared?: boolean | undefined;
}

/** Everything that appears in a channel: new, changed, gone. Only in places of ours anything is done about it. */
export async function heard(deps: Deps, client: WebClient, room: Room, event: unknown) {
  const { subtype } = z.object({ subtype: z.string().optional() }).parse(event);
  if (subtype === "message_changed" || subtype === "message_deleted") {
    return changed(deps, client, room, Changed.parse(event), subtype === "message_deleted");
  }
  const said = Said.parse(event);
  if (!WRITTEN.has(said.subtype) || isOurs(said, room)) return;
  const { user } = said;
  if (!user || said.text.trim() === "") return;
  const place = await deps.db.as(room.org, (tx) => byChannel(tx, room.team, said.channel));
  if (!place) {
    if (said.channel_type === "im" && !said.bot_id) await help(deps, room, said);
    return;
  }
  const { isShared } = room;
  if (isShared !== undefined && isShared !== (place.settings.shared === true)) {
    await deps.db.as(room.org, (tx) => noteShared(tx, place.id, isShared));
  }
  const thread = said.thread_ts && said.thread_ts !== said.ts ? said.thread_ts : undefined;
  const { channel, ts } = said;
  const spot = { org: room.org, team: room.team, user, channel, ts, thread };
  // Another app is told nothing: two that explain themselves to each other would never end.
  if (said.bot_id && !(await letsAppsIn(deps, room.org, place.project))) return;
  const inThread = thread
    ? await deps.db.as(room.org, (tx) => inbound.sessionOfThread(tx, room.org, channel, thread))
    : undefined;
  const session = inThread ?? place.session ?? undefined;
  const text = await readable(deps, room, said.text);
  if (session) return intoSession(deps, client, { ...spot, text }, session);
  if (thread) return; // people talk among themselves
  await addressed(deps, client, room, { ...spot, text }, said.text, place.project);
}

/** A direct message to the app is for no session: it says how to reach one, instead of silence. */
async function help(deps: Deps, { org, team }: Room, said: { channel: string; ts: string }) {
  const { channel, ts } = said;
  const key = `help ${channel} ${ts}`;
  const payload = { text: HELP, blocks: [section(HELP)] };
  await deps.db.as(org, (tx) =>
    enqueue(tx, { org, team, to: { id: channel }, key, method: "post", payload }),
  );
  deps.kick(org);
}

async function letsAppsIn({ db }: Deps, org: string, project: string): Promise<boolean> {
  const settings = await db.as(org, (tx) => inbound.settingsOf(tx, org, project));
  return wishesOf(settings).outsiders === "all";
}

const isOurs = (
  said: { user?: string | undefined; bot_id?: string | undefined },
  { botUser, botId }: Room,
): boolean => said.bot_id === botId || said.user === botUser;

async function intoSession(deps: Deps, client: WebClient, letter: Letter, session: string) {
  await orExplain(deps, letter, async () => {
    const somebody = await whois(deps, client, letter);
    const meant = await deps.db.as(letter.org, (tx) => inbound.sessionById(tx, somebody, session));
    if (!meant) throw new PolarisError("forbidden", "You cannot see this session in Polaris.");
    await deliver(deps, client, letter, meant);
  });
}

/** In the channel itself a line names whom it is for; one that does not gets a private question. */
async function addressed(
  deps: Deps,
  client: WebClient,
  room: Room,
  letter: Letter,
  raw: string,
  project: string,
): Promise<void> {
  const { db } = deps;
  const address = addressOf(raw, room.botUser);
  const text = await readable(deps, room, address.text);
  await orExplain(deps, letter, async () => {
    const somebody = await whois(deps, client, letter);
    const { live, home } = await db.as(room.org, async (tx) => ({
      live: await inbound.liveSessions(tx, somebody, { project }),
      home: await agents.atHome(tx, room.org, project),
    }));
    if (!address.to) {
      if (somebody.person.kind === "bot") return;
      const mayAdvise = await orExplain(
        deps,
        letter,
        () => demandVoice(deps, somebody, project),
        true,
      );
      if (!mayAdvise) return;
      return whisper(deps, letter, hint(live, letter, "Nobody was addressed.", home));
    }
    const found = await meantBy(deps, room, somebody, address.to, live, project);
    const [only, ...others] = found.sessions;
    if (only && others.length === 0) {
      await deliver(deps, client, { ...letter, text }, only);
    } else if (found.agent && !only) {
      await deliverToAgent(deps, client, { ...letter, text }, { agent: found.agent, project });
    } else {
      const why = only
        ? `${found.who} drives more than one session.`
        : `${found.who} is in no live session here.`;
      await whisper(
        deps,
        letter,
        only ? hint(found.sessions, letter, why) : hint(live, letter, why, home),
      );
    }
  });
}

/** Somebody changed or deleted what they wrote: so does their advice, while no agent has it. */
async function changed(
  deps: Deps,
  client: WebClient,
  room: Room,
  event: z.infer<typeof Changed>,
  isGone: boolean,
): Promise<void> {
  const { db, bell } = deps;
  const now = event.message;
  const before = event.previous_message;
  const ts = now?.ts ?? before?.ts ?? event.deleted_ts;
  if (!ts || isOurs(now ?? before ?? {}, room)) return;
  const { channel } = event;
  const known = await db.as(room.org, (tx) => advice.byMessage(tx, room.org, channel, ts));
  if (!known) return;
  const { session, slackUser: user } = known;
  const spot: Spot & Omit<Letter, "text"> = {
    org: room.org,
    team: room.team,
    user,
    channel,
    ts,
    thread: known.thread ?? undefined,
  };
  if (!isGone && now?.text === before?.text) return; // Slack adds previews and the like
  await orExplain(deps, spot, async () => {
    // A named agent has it in its inbox from the moment it was written.
    if (!session) {
      if (isGone) return;
      throw new PolarisError("conflict", "Too late: the agent has it already.", {
        hint: "Write another one that says what is right now.",
      });
    }
    const somebody = await whois(deps, client, spot);
    const meant = await db.as(room.org, (tx) => inbound.sessionById(tx, somebody, session));
    if (!meant) return;
    const place = await placeOf(deps, somebody, meant);
    if (isGone) {
      await recall(db, bell, somebody.caller, place, known.injection).catch(lateIsFine);
      return;
    }
    const raw = now?.text ?? "";
    const words = known.thread ? raw : addressOf(raw, room.botUser).text;
    const text = await readable(deps, room, words);
    if (text) await edit(db, bell, somebody.caller, place, { id: known.injection, text });
  });
}

/** What the agent has read stays read; nobody who deletes a message needs to be told. */
function lateIsFine(error: unknown): void {
  if (!(error instanceof PolarisError) || error.code !== "conflict") throw error;
}
