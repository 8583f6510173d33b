import type { WebClient } from "@slack/web-api";
import * as inbound from "../../core/slack-inbound.ts";
import type { Deps } from "../listeners.ts";
import { button, context, section } from "../mirror/card.ts";
import { HELP, urlOf } from "./command.ts";
import { row } from "./hint.ts";
import { type Spot, whois } from "./whom.ts";

/** App Home: what waits for this person, what they drive, what else lives. Drawn anew each time it is opened. */
export async function home(deps: Deps, client: WebClient, spot: Spot): Promise<void> {
  const somebody = await whois(deps, client, spot);
  const { caller, isLinked } = somebody;
  const { waiting, live } = await deps.db.as(spot.org, async (tx) => ({
    waiting: await inbound.waitingFor(tx, somebody, spot.user),
    live: await inbound.liveSessions(tx, somebody, { limit: 40 }),
  }));
  const mine = live.filter(({ driver }) => driver === caller.participant);
  const others = live.filter(({ driver }) => driver !== caller.participant).slice(0, 10);
  const part = (title: string, sessions: inbound.Meant[], none: string) => [
    { type: "header", text: { type: "plain_text", text: title } },
    ...(sessions.length === 0 ? [context(none)] : []),
    ...sessions.slice(0, 20).map((it) => ({
      ...section(row(it, urlOf(deps, it))),
      accessory: { ...button("Open"), action_id: "polaris_open", url: urlOf(deps, it) },
    })),
  ];
  const stranger =
    "Your Slack account is linked to no member of Polaris: `/polaris link` says how.";
  const blocks = [
    ...(isLinked ? [] : [section(stranger)]),
    ...part("Waiting for you", waiting, "Nothing waits for you."),
    ...part("Your sessions", mine, "You drive no live session."),
    ...part("Live in your team", others, "Nobody else works now."),
    { type: "divider" },
    section(HELP),
  ];
  await client.apiCall("views.publish", { user_id: spot.user, view: { type: "home", blocks } });
}
