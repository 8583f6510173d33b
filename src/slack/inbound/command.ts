import type { App } from "@slack/bolt";
import type { WebClient } from "@slack/web-api";
import { z } from "zod";
import { demand } from "../../core/access.ts";
import * as agents from "../../core/agents.ts";
import * as projects from "../../core/projects.ts";
import { byChannel } from "../../core/slack-channels.ts";
import type { Meant } from "../../core/slack-inbound.ts";
import * as inbound from "../../core/slack-inbound.ts";
import { link as linkChannel } from "../../core/slack-link.ts";
import * as wishes from "../../core/slack-wishes.ts";
import type { Agent } from "../../wire/agent.ts";
import { escaped, line } from "../format/safe.ts";
import type { Deps } from "../listeners.ts";
import { wishesOf } from "../mirror/wishes.ts";
import { inWords, spotOf, unseen } from "./buttons.ts";
import { placeOf } from "./deliver.ts";
import { row } from "./hint.ts";
import { sendTo } from "./send.ts";
import { type Spot, whois } from "./whom.ts";
import { wordsOf } from "./words.ts";

const Command = z.object({
  user_id: z.string(),
  channel_id: z.string(),
  text: z.string().default(""),
});

interface Asked {
  deps: Deps;
  client: WebClient;
  spot: Spot;
  /** The project whose channel this is. */
  project: { id: string; slug: string } | undefined;
  /** Where it was typed. */
  channel: string;
  words: string[];
  rest: string;
}

export const HELP = [
  "*Polaris* in Slack",
  "`/polaris status` what this channel is, and who you are here",
  "`/polaris sessions` live sessions",
  "`/polaris say s-7a3f your text` send a message into a session",
  "`/polaris follow [s-7a3f]` be told when it needs a human; once more to stop",
  "`/polaris quiet [s-7a3f]` fewer posts of this project or session; once more for the normal",
  "`/polaris link [project]` who you are in Polaris; with a project, an admin makes this its channel",
  "In a session's thread every reply goes to its agent. In the channel: `s-7a3f: your text` or `@name your text`.",
].join("\n");

const ACTS: Record<string, (asked: Asked) => Promise<string>> = {
  help: async () => HELP,
  status,
  sessions,
  say,
  send: say,
  follow,
  quiet,
  mute: quiet,
  link,
};

/** `/polaris …`: answered to who asked, with the receipt, within the three seconds that Slack waits. */
export function command(app: App, deps: Deps): void {
  app.command("/polaris", async ({ ack, body, context, client }) => {
    const { user_id, channel_id, text } = Command.parse(body);
    const spot = spotOf(context, user_id, channel_id);
    const [verb = "help", ...words] = text.trim().split(/\s+/).filter(Boolean);
    const act = Object.hasOwn(ACTS, verb.toLowerCase()) ? ACTS[verb.toLowerCase()] : undefined;
    const rest = text.trim().slice(verb.length).trim();
    const said = await inWords(async () => {
      if (!act) return `I do not know \`${line(verb, 40)}\`.\n${HELP}`;
      const project = await projectOf(deps, spot, channel_id);
      return act({ deps, client, spot, project, channel: channel_id, words, rest });
    });
    await ack({ response_type: "ephemeral", text: said });
  });
}

async function projectOf({ db }: Deps, { org, team }: Spot, channel: string) {
  return db.as(org, async (tx) => {
    const place = await byChannel(tx, team, channel);
    const slug = place && (await inbound.slugOf(tx, place.project));
    return place && slug ? { id: place.project, slug } : undefined;
  });
}

async function status({ deps, client, spot, project }: Asked): Promise<string> {
  const somebody = await whois(deps, client, spot);
  const { caller, isLinked } = somebody;
  const you = isLinked
    ? `You are ${escaped(caller.participant)}, ${caller.role}.`
    : `You are ${escaped(caller.participant)}: linked to no member of Polaris.`;
  if (!project) return `This is no project's channel. ${you}`;
  const { db } = deps;
  const { live, settings, home } = await db.as(spot.org, async (tx) => ({
    live: await inbound.liveSessions(tx, somebody, { project: project.id }),
    settings: await inbound.settingsOf(tx, spot.org, project.id),
    home: await agents.atHome(tx, spot.org, project.id),
  }));
  const { layout, verbosity, advice } = wishesOf(settings);
  const waiting = live.filter(({ state }) => state === "needs_human").length;
  const url = `${deps.publicUrl}/app/p/${encodeURIComponent(project.slug)}`;
  return [
    `*<${url}|${line(project.slug, 64)}>*: ${live.length} live, ${waiting} waiting for a human.`,
    ...(home.length > 0 ? [`At home here: ${home.map(called).join(", ")}.`] : []),
    `Layout ${layout}, verbosity ${verbosity}; who may advise: ${advice}.`,
    you,
  ].join("\n");
}

const called = ({ display, name }: Agent): string => `${line(display, 80)} (\`@${name}\`)`;

async function sessions({ deps, client, spot, project }: Asked): Promise<string> {
  const somebody = await whois(deps, client, spot);
  const live = await deps.db.as(spot.org, (tx) =>
    inbound.liveSessions(tx, somebody, { project: project?.id }),
  );
  if (live.length === 0) return "No session is live.";
  return live.map((it) => row(it, urlOf(deps, it))).join("\n");
}

export const urlOf = ({ publicUrl }: Pick<Deps, "publicUrl">, { slug, name }: Meant): string =>
  `${publicUrl}/app/p/${encodeURIComponent(slug)}/s/${encodeURIComponent(name)}`;

async function say({ deps, client, spot, project, words, rest }: Asked): Promise<string> {
  const [name = ""] = words;
  const text = wordsOf(rest.slice(rest.indexOf(name) + name.length), (id) => id);
  const session = name.replace(/^@|[:,]$/g, "");
  if (!session || !text) return "Write: `/polaris say s-7a3f your text`";
  const meant = await sendTo(deps, client, spot, { session, text, project: project?.id });
  return `Sent to ${line(meant.name, 64)}.`;
}

/** The session somebody names, or the only one that lives here. */
async function named({ deps, client, spot, project, words }: Asked) {
  const somebody = await whois(deps, client, spot);
  const name = words[0]?.replace(/^@|[:,]$/g, "");
  const meant = await deps.db.as(spot.org, async (tx) => {
    if (name) return inbound.sessionNamed(tx, somebody, name, project?.id);
    const live = await inbound.liveSessions(tx, somebody, { project: project?.id });
    return live.length === 1 ? live[0] : undefined;
  });
  if (!meant) throw unseen();
  return { somebody, meant };
}

async function follow(asked: Asked): Promise<string> {
  const { meant } = await named(asked);
  const { org, team, user: slackUser } = asked.spot;
  const wanted = { org, session: meant.id, team, slackUser };
  const follows = await asked.deps.db.as(org, (tx) => inbound.toggleFollow(tx, wanted));
  const name = line(meant.name, 64);
  return follows
    ? `You follow ${name}: when it needs a human, a message comes to you.`
    : `You do not follow ${name} any more.`;
}

async function quiet(asked: Asked): Promise<string> {
  const { deps, client, spot, project, words } = asked;
  const { db } = deps;
  if (words.length > 0) {
    const { somebody, meant } = await named(asked);
    demand(somebody.caller, "inject");
    const place = await placeOf(deps, somebody, meant);
    const now = await wishes.ofSession(db, somebody.caller, meant.id);
    await wishes.setSession(db, somebody.caller, place, now === "quiet" ? null : "quiet");
    const name = line(meant.name, 64);
    return now === "quiet"
      ? `${name} is told as its project wishes.`
      : `${name} is quiet: only what needs somebody is posted.`;
  }
  if (!project) return "This is no project's channel. Name a session: `/polaris quiet s-7a3f`";
  const { caller } = await whois(deps, client, spot);
  const found = await projects.get(db, caller, project.slug);
  const { verbosity } = await wishes.ofProject(db, caller, found);
  const next = verbosity === "quiet" ? null : "quiet";
  await wishes.setProject(db, caller, found, { verbosity: next });
  return next
    ? `${line(found.name, 80)} is quiet: only what needs somebody is posted.`
    : `${line(found.name, 80)} is told as the organisation wishes.`;
}

async function link({ deps, client, spot, channel, words }: Asked): Promise<string> {
  const { caller, person, isLinked } = await whois(deps, client, spot);
  const [slug] = words;
  if (slug && isLinked) {
    demand(caller, "admin");
    const { db, keys, apiUrl } = deps;
    const wanted = { slug, channel, settings: { apiUrl } };
    const { name } = await linkChannel(db, keys, caller, wanted);
    deps.kick(spot.org);
    return `#${line(name, 80)} is the channel of ${line(slug, 64)} from now on.`;
  }
  if (!isLinked) {
    const how = "Sign in with the address you have in Slack, or ask an admin to link you.";
    return `Slack's ${line(person.name, 80)} is linked to no member of Polaris. ${how} ${deps.publicUrl}/sign-in`;
  }
  const by = person.linkedBy === "admin" ? "an admin says so" : "by your address";
  return `You are ${escaped(caller.participant)} in Polaris (${by}).`;
}
