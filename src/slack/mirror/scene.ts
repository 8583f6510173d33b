import type { Tx } from "../../core/database.ts";
import { type Channel, placeOf, retire } from "../../core/slack-channels.ts";
import type { Mirror } from "../../core/slack-mirrors.ts";
import * as mirrors from "../../core/slack-mirrors.ts";
import { enqueue, type Write } from "../../core/slack-outbox.ts";
import type { StoredEvent } from "../../wire/event.ts";
import type { Verbosity } from "../../wire/slack-wishes.ts";
import type { Shown } from "../outbound.ts";
import { card } from "./card.ts";
import { type Personas, personas } from "./persona.ts";
import { type Wishes, wishesOf } from "./wishes.ts";

/**
 * What a project may post in any sixty minutes where people wish it `normal` or `quiet`: 60 in all. Prompts and answers stop at
 * 40 and go into one digest a session, which is edited; what needs somebody has the rest. A card always comes: without
 * it nobody could answer.
 */
export const HOUR = { replies: 40, digests: 50, notices: 60 } as const;

/** One batch of a project's events on its way to Slack: the sessions' rows, the hour's budget, and the ways to write. */
export interface Scene {
  tx: Tx;
  project: Shown;
  wishes: Wishes;
  personaOf: Personas;
  hour: Date;
  mirrorOf(event: StoredEvent): Mirror | undefined;
  verbosityOf(mirror: Mirror): Verbosity;
  /** Takes so many posts out of the hour's budget; false when that is used up. */
  spend(mirror: Mirror, posts: number, upTo: number): boolean;
  /** Where the session is told: its own channel or the project's, and the thread in it. */
  place(mirror: Mirror): Promise<{ to: Write["to"]; thread?: string }>;
  /** The project's channel itself. */
  channel(): Promise<Channel>;
  write(mirror: Mirror, write: Omit<Write, "org" | "team" | "project" | "session">): Promise<void>;
  urlOf(mirror: Mirror): string;
}

export async function startScene(tx: Tx, project: Shown, events: StoredEvent[]) {
  const { org, team } = project;
  const wishes = wishesOf(project.settings);
  if (project.isPrivate && wishes.layout === "session-channel") wishes.layout = "thread";
  const touched = [...new Set(events.map((event) => event.session))];
  const rows = await mirrors.load(tx, { org, project: project.project }, touched);
  const now = new Date(events.at(-1)?.receivedAt ?? Date.now());
  const hour = hourOf(now);
  const before = await mirrors.postsIn(tx, org, project.project, now);
  let posts = before;
  let known: Channel | undefined;
  const fresh = new Set<string>();
  const personaOf = personas(tx, { org, team });
  const seq = events.at(-1)?.seq ?? 0;

  const channel = async () => {
    const name = project.slug;
    known ??= await placeOf(tx, { org, team, project: project.project, name });
    return known;
  };

  const write: Scene["write"] = (mirror, wanted) =>
    enqueue(tx, { org, team, project: project.project, session: mirror.session, ...wanted });

  const urlOf = (mirror: Mirror) =>
    `${project.publicUrl}/app/p/${encodeURIComponent(project.slug)}/s/${encodeURIComponent(mirror.name)}`;

  const drawn = async (mirror: Mirror) => {
    const driver = mirror.driver ? (await personaOf(mirror.driver)).name : null;
    return card(mirror, { driver, agent: (await personaOf(mirror.agent)).name }, urlOf(mirror));
  };

  /** The card's post, made before what stands under it. */
  async function root(mirror: Mirror, place: Channel): Promise<string> {
    const key = `card ${mirror.session} ${place.id}`;
    if (mirror.card === key) return key;
    mirror.card = key;
    if (!(await mirrors.isWritten(tx, org, key))) {
      const payload = await drawn(mirror);
      mirror.cardHash = hashOf(payload);
      fresh.add(mirror.session);
      posts++;
      await write(mirror, {
        to: { channel: place.id },
        key,
        method: "post",
        payload: still(payload),
      });
    }
    return key;
  }

  async function placeOfSession(mirror: Mirror): Promise<{ to: Write["to"]; thread?: string }> {
    if (wishes.layout === "feed") return { to: { channel: (await channel()).id } };
    if (wishes.layout === "thread") {
      const main = await channel();
      return { to: { channel: main.id }, thread: await root(mirror, main) };
    }
    const name = `${project.slug}-${mirror.name}`;
    const wanted = { org, team, project: project.project, session: mirror.session, name };
    let own = await placeOf(tx, wanted);
    if (own.state === "archived" || own.state === "gone") {
      // A bot cannot count on opening an archived channel again: the session goes on in a new one.
      await retire(tx, own.id);
      own = await placeOf(tx, wanted);
    }
    await root(mirror, own);
    return { to: { channel: own.id } };
  }

  const scene: Scene = {
    tx,
    project,
    wishes,
    personaOf,
    hour,
    mirrorOf: (event) => rows.get(event.session),
    verbosityOf: (mirror) => mirror.verbosity ?? wishes.verbosity,
    spend(mirror, count, upTo) {
      if (scene.verbosityOf(mirror) !== "all" && posts + count > upTo) return false;
      posts += count;
      return true;
    },
    place: placeOfSession,
    channel,
    write,
    urlOf,
  };

  return {
    scene,
    /** Brings cards up to date and keeps what the next batch must know. */
    async close(): Promise<void> {
      for (const mirror of rows.values()) {
        const isShown = scene.verbosityOf(mirror) !== "off" && wishes.layout !== "feed";
        if (isShown && mirror.card && !fresh.has(mirror.session)) {
          const payload = await drawn(mirror);
          const hash = hashOf(payload);
          if (hash !== mirror.cardHash) {
            mirror.cardHash = hash;
            const place = mirror.card.split(" ")[2] ?? "";
            await write(mirror, {
              to: { channel: place },
              key: `${mirror.card} ${seq}`,
              method: "update",
              target: mirror.card,
              merge: mirror.card,
              payload: still(payload),
            });
          }
        }
        await mirrors.save(tx, mirror);
      }
      if (posts !== before) await mirrors.addPosts(tx, project.project, now, posts - before);
    },
  };
}

/** Nothing that we post opens previews or makes names of words. */
export const still = (payload: Record<string, unknown>): Record<string, unknown> => ({
  unfurl_links: false,
  unfurl_media: false,
  link_names: false,
  ...payload,
});

const hashOf = (payload: unknown): string => Bun.hash(JSON.stringify(payload)).toString(36);

function hourOf(at: Date): Date {
  const time = new Date(at);
  time.setUTCMinutes(0, 0, 0);
  return time;
}
