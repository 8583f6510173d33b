/** One write from its claim to its end, whatever Slack answers. */
import { SlackRefusal } from "../core/slack-api.ts";
import * as channels from "../core/slack-channels.ts";
import * as queue from "../core/slack-queue.ts";
import * as workspaces from "../core/slack-workspaces.ts";
import { pause, waitAfter } from "../lib/backoff.ts";
import { brief } from "../lib/log.ts";
import { make, wordOf } from "./channels.ts";
import { judge, type Verdict } from "./judge.ts";
import { lookup } from "./lookup.ts";
import { METHOD, type Place, perform, plain } from "./perform.ts";
import type { SenderOptions } from "./sender.ts";

/** Slack is given a moment to show what it did before we look. */
const LOOK_MS = 1500;
/** Who takes over waits half a second longer than a call from the claim on may take (`sender.ts`). */
const SLOW_MS = 250;
/**
 * What Slack itself cannot do is given up after so many tries, three quarters of an hour: it holds up its thread. While
 * Slack is away or puts us off, nothing is given up for a week, however often it was tried.
 */
const MOST_ATTEMPTS = 50;
const MOST_MS = 7 * 24 * 3600_000;
const AWAY =
  /^(http_5|timeout|connection_lost|unreachable|rate|service_unavailable|request_timeout|team_added)/;
const SLOWEST_MS = 60_000;

/** The project's channel could not be made under any name. */
class NoChannel extends Error {}

export function startDelivery(options: SenderOptions) {
  const { db, log, lease, isOurs, workspace, client, rates } = options;
  const { org, team } = lease;
  const making = new Map<string, Promise<string>>();
  const rooms = new Map<string, string>();

  /** Waits for a place in the method's rate. */
  async function count(method: string): Promise<void> {
    for (let wait = rates.take(method); wait > 0; wait = rates.take(method)) await pause(wait);
  }

  async function deliver(head: queue.Head): Promise<void> {
    const wasSent = head.state === "sending" || head.note.lookup === true;
    const payload = await queue.claim(db, lease, head);
    if (!payload || !isOurs()) return;
    const claimedAt = performance.now();
    // Once its outcome is unknown it stays so until somebody has looked, also when looking is put off.
    const note = { firstAt: Date.now(), ...head.note, ...(wasSent ? { lookup: true } : {}) };
    const claimed = { ...head, note };
    let place: Place | undefined;
    try {
      place = await placeOf(claimed);
      const found = wasSent && (await look(claimed, place));
      if (found) return await settle(claimed, found.posted, true);
      // Making a channel, or looking, may have taken longer than the lease, or than one call.
      if (!isOurs()) return;
      const isSlow = performance.now() - claimedAt > SLOW_MS;
      if (isSlow && !(await queue.remember(db, lease, claimed, note))) return;
      const words = note.repaired?.includes("plain") ? plain(payload) : payload;
      const posted = await perform(client(), claimed, words, place, async (file) => {
        note.file = file;
        // The bytes took their time; nobody sees them until the next call, which may be another bridge's by now.
        const isMine = await queue.remember(db, lease, claimed, note);
        if (!isMine || !isOurs()) throw new Error("the lease has gone");
      });
      await settle(claimed, posted, wasSent);
    } catch (error) {
      await answer(claimed, place, error);
    }
  }

  /** It is done in Slack; that must be written down, however long the database is away. */
  async function settle(head: queue.Head, posted: queue.Posted | undefined, helped: boolean) {
    for (let wait = 50; ; wait = Math.min(wait * 2, 2000)) {
      try {
        if (head.method === "archive" && head.place) {
          await channels.settleArchived(db, { org, id: head.place });
        }
        return await queue.finish(db, lease, head, { posted, helped });
      } catch (error) {
        if (!isOurs()) throw error; // who has the lease now looks it up
        await pause(wait);
      }
    }
  }

  /** Undefined: Slack does not have it. Edits and reactions may be made twice, an ephemeral word may be lost once. */
  async function look(head: queue.Head, place: Place) {
    if (head.method === "ephemeral") return { posted: undefined };
    const isKnown = head.method === "post" || (head.method === "upload" && head.note.file);
    if (!isKnown) return undefined;
    const posted = await lookup(client(), head, place, count);
    return posted && { posted };
  }

  async function placeOf(head: queue.Head): Promise<Place> {
    const threadTs = head.threadTs ?? undefined;
    if (head.targetChannel) return { channel: head.targetChannel, threadTs };
    if (head.channel) return { channel: head.channel, threadTs };
    if (head.address) return { channel: await room(head.address), threadTs };
    const id = head.place ?? "";
    const made =
      making.get(id) ?? create(id, head.channelName ?? "").finally(() => making.delete(id));
    making.set(id, made);
    return { channel: await made, threadTs };
  }

  /** A person's own conversation with us: personas would otherwise land in the Slackbot's. */
  async function room(address: string): Promise<string> {
    if (!/^[UW]/.test(address)) return address;
    const known = rooms.get(address);
    if (known) return known;
    await count("conversations.open");
    const { channel } = await client().conversations.open({ users: address });
    const id = channel?.id ?? address;
    rooms.set(address, id);
    return id;
  }

  async function create(id: string, name: string): Promise<string> {
    // Made since this write was read: while another session's first word waited for it, or by who had the lease before.
    const known = await db.as(org, (tx) => channels.made(tx, id));
    if (known) return known;
    const { botUser } = workspace;
    const isTaken = (channel: string) =>
      db.as(org, async (tx) => {
        // Taken by this very place: who had the lease before has just written it down.
        const other = await channels.byChannel(tx, team, channel);
        return other !== undefined && other.id !== id;
      });
    const made = await make(client(), { name, botUser, isTaken }, count).catch((error) => {
      // No name was free, or the name is none to Slack: sending the words again would not help, dropping them neither.
      if (/^(name_taken|invalid_name)/.test(wordOf(error))) throw new NoChannel(wordOf(error));
      throw error;
    });
    await channels.settle(db, { org, id }, made);
    log.info("slack.channel_made", { org, team, channel: made.channel });
    return made.channel;
  }

  async function answer(head: queue.Head, place: Place | undefined, error: unknown): Promise<void> {
    let verdict: Verdict;
    try {
      verdict =
        error instanceof NoChannel
          ? { do: "stop-channel", error: error.message, state: "paused" }
          : judge(error);
    } catch {
      log.warn("slack.send_odd", { method: head.method, error: brief(error) });
      verdict = { do: "later", error: "internal", seconds: 5, bucket: false };
    }
    const { note } = head;
    const repaired = note.repaired ?? [];
    const again = (ms: number, more: Partial<queue.Note> = {}) =>
      queue.later(db, lease, head, { ms, error: verdict.error, note: { ...note, ...more } });
    const isOver = AWAY.test(verdict.error)
      ? Date.now() - (note.firstAt ?? 0) > MOST_MS
      : head.attempts >= MOST_ATTEMPTS;
    if (isOver) return queue.drop(db, lease, head, verdict.error);
    const slower = (firstMs: number) =>
      Math.max(firstMs, waitAfter(head.attempts, { firstMs, maxMs: SLOWEST_MS }));
    if (verdict.do !== "later") {
      log.warn("slack.refused", {
        team,
        method: head.method,
        error: verdict.error,
        do: verdict.do,
      });
    }

    switch (verdict.do) {
      case "later": {
        const where = head.channel ?? head.place ?? head.address ?? "";
        if (!verdict.bucket) return again(slower(verdict.seconds * 1000));
        return again(rates.block(METHOD[head.method], where, verdict.seconds));
      }
      case "lookup": {
        const more = { ms: slower(LOOK_MS), error: verdict.error, note: { ...note, lookup: true } };
        return queue.later(db, lease, head, { ...more, unknown: true });
      }
      case "done":
        return settle(head, undefined, false);
      case "plain":
      case "join":
      case "rethread":
        if (repaired.includes(verdict.do)) return giveUp(head, verdict.error);
        if (verdict.do === "join") await join(place);
        if (verdict.do === "rethread") await queue.forgetPost(db, org, head.thread ?? "");
        return again(0, { repaired: [...repaired, verdict.do] });
      case "refresh":
        return renew(head, verdict.error, again);
      case "stop-channel":
        if (!head.place || head.targetChannel) return queue.drop(db, lease, head, verdict.error);
        await channels.stop(db, { org, id: head.place }, { ...verdict, problem: verdict.error });
        return again(0);
      case "stop-workspace":
        return halt(head, { problem: verdict.error, detail: verdict.detail });
      case "drop":
        return queue.drop(db, lease, head, verdict.error);
    }
  }

  /** A new token, once: one that is refused as soon as it is new says that a person must act. */
  async function renew(
    head: queue.Head,
    error: string,
    again: (ms: number, more?: Partial<queue.Note>) => Promise<void>,
  ): Promise<void> {
    const { repaired = [] } = head.note;
    if (repaired.includes("refresh")) return halt(head, { problem: error });
    try {
      if (!(await options.refresh())) return halt(head, { problem: error });
    } catch (cause) {
      log.warn("slack.token_not_renewed", { team, error: brief(cause) });
      if (cause instanceof SlackRefusal) return halt(head, { problem: error });
      return again(5000); // Slack could not be asked
    }
    return again(0, { repaired: [...repaired, "refresh"] });
  }

  async function giveUp(head: queue.Head, error: string): Promise<void> {
    if (error !== "not_in_channel" || !head.place) return queue.drop(db, lease, head, error);
    await channels.stop(db, { org, id: head.place }, { state: "paused", problem: error });
    const note = { ...head.note, repaired: [] };
    await queue.later(db, lease, head, { ms: 0, error, note });
  }

  async function join(place: Place | undefined): Promise<void> {
    if (!place) return;
    await count("conversations.join");
    await client()
      .conversations.join({ channel: place.channel })
      .catch(() => undefined); // the write itself tells what is wrong
  }

  async function halt(head: queue.Head, why: { problem: string; detail?: string | undefined }) {
    const note = { ...head.note, repaired: [] };
    await queue.later(db, lease, head, { ms: 0, error: why.problem, note });
    await workspaces.pause(db, lease, why);
    options.onPaused();
  }

  return deliver;
}
