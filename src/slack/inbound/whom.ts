import type { WebClient } from "@slack/web-api";
import { demand } from "../../core/access.ts";
import * as inbound from "../../core/slack-inbound.ts";
import * as people from "../../core/slack-people.ts";
import { PolarisError } from "../../wire/error.ts";
import type { Outsiders, SlackPerson } from "../../wire/slack-wishes.ts";
import type { Deps } from "../listeners.ts";
import { wishesOf } from "../mirror/wishes.ts";
import { meet } from "./people.ts";

/** Where something was said or clicked, and by whom. */
export interface Spot {
  org: string;
  team: string;
  user: string;
  /** The conversation it happened in, where there is one: who is linked to nobody sees only its project. */
  channel?: string | undefined;
}

export interface Somebody extends people.Reach {
  person: SlackPerson;
  isLinked: boolean;
}

/** Who this is here; asked of Slack at first sight. */
export async function whois(deps: Deps, client: WebClient, spot: Spot): Promise<Somebody> {
  const { org, team, user, channel } = spot;
  const look = () => deps.db.as(org, (tx) => people.callerOf(tx, org, team, user, channel));
  const known = await look();
  if (known) return known;
  await meet(deps, client, spot);
  const met = await look();
  if (met) return met;
  throw new PolarisError("forbidden", "This account is switched off in Slack.");
}

/** Throws, in words for that person alone, unless their words may become advice in this project. */
export async function demandVoice(
  deps: Deps,
  { person, caller, isLinked }: Somebody,
  project: string,
): Promise<void> {
  const settings = await deps.db.as(caller.org, (tx) =>
    inbound.settingsOf(tx, caller.org, project),
  );
  const { advice, outsiders } = wishesOf(settings);
  if (advice === "off")
    throw new PolarisError("forbidden", "This project takes no advice from Slack.");
  if (person.kind !== "person") demandOpen(person.kind, outsiders);
  if (isLinked) return demand(caller, "inject");
  if (person.kind !== "person") return;
  if (advice === "channel") return;
  throw new PolarisError(
    "forbidden",
    "Only members of Polaris advise here, and your Slack account is linked to none.",
    {
      hint: "Sign in to Polaris with the address you have in Slack, or ask an admin to link you.",
    },
  );
}

const OUTSIDE = {
  bot: "Messages of other apps do not reach the agent.",
  guest: "Guests of this workspace cannot advise the agent.",
  stranger: "People of other companies cannot advise the agent.",
};

/** Throws unless an admin lets those in who do not belong to the workspace. */
function demandOpen(kind: keyof typeof OUTSIDE, outsiders: Outsiders): void {
  if (outsiders === "all" || (outsiders === "guests" && kind === "guest")) return;
  throw new PolarisError("forbidden", OUTSIDE[kind], {
    hint: "An admin can let them advise, in the project's Slack settings.",
  });
}
