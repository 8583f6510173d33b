import type { WebClient } from "@slack/web-api";
import { inject } from "../../core/injections.ts";
import type { Meant } from "../../core/slack-inbound.ts";
import * as inbound from "../../core/slack-inbound.ts";
import { PolarisError } from "../../wire/error.ts";
import type { Deps } from "../listeners.ts";
import { placeOf } from "./deliver.ts";
import { demandVoice, type Spot, whois } from "./whom.ts";

/** Advice without a message of its own (a command, a form): the mirror posts its words in the session's thread. */
export async function sendTo(
  deps: Deps,
  client: WebClient,
  spot: Spot,
  wanted: { session: string; text: string; project?: string | undefined },
): Promise<Meant> {
  const { db, bell } = deps;
  if (!wanted.text) throw new PolarisError("invalid_input", "There is no text to send.");
  const somebody = await whois(deps, client, spot);
  const meant = await db.as(spot.org, (tx) =>
    inbound.sessionNamed(tx, somebody, wanted.session, wanted.project),
  );
  if (!meant) {
    throw new PolarisError(
      "not_found",
      `There is no session "${wanted.session}" that you can see.`,
      {
        hint: "/polaris sessions lists them.",
      },
    );
  }
  await demandVoice(deps, somebody, meant.project);
  const place = await placeOf(deps, somebody, meant);
  await inject(db, bell, somebody.caller, place, { text: wanted.text, via: "slack" });
  return meant;
}
