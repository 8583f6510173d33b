import type { Caller } from "../core/caller.ts";
import * as invites from "../core/invites.ts";
import * as orgs from "../core/orgs.ts";
import { byId } from "../core/people.ts";
import type { House } from "./house.ts";

/** Makes an invitation and, where there is a mail server and an address, mails its link as well. */
export async function sendInvite(
  { db, mail, publicUrl }: House,
  caller: Caller,
  wanted: Parameters<typeof invites.make>[2],
) {
  const { secret, ...invite } = await invites.make(db, caller, wanted);
  const url = `${publicUrl}/claim?code=${secret}`;
  if (!mail || !invite.email) return { ...invite, url, mailed: null };
  const [org, sender] = await Promise.all([orgs.one(db, caller.org), byId(db, caller.user)]);
  const text = `${sender.name} asks you into ${org.name} on Polaris, as ${invite.role}.

${url}

The link works once, within 7 days. If you did not expect it, leave it alone: nothing happens.
`;
  const subject = `${sender.name} asks you into ${org.name} on Polaris`;
  return { ...invite, url, mailed: await mail.send({ to: invite.email, subject, text }) };
}
