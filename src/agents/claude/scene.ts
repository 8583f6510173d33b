import type { Event, Kind } from "../../wire/event.ts";
import type { Participant } from "../../wire/participant.ts";
import type { Memory, People } from "../agent.ts";
import { defined, type Json, string, time } from "../fields.ts";
import { contentId, lineId } from "./ids.ts";

/** Raised when the same raw input would give another event. */
export const TRANSLATOR = 2;

/** One transcript line and where it stands; every reader of a kind of line gets one. */
export interface Scene {
  /** The line as it came, and parsed. */
  raw: string;
  line: Json;
  people: People;
  memory: Memory;
  at: string;
  session: string;
}

export function sceneOf(raw: string, line: Json, people: People, memory: Memory): Scene {
  return {
    raw,
    line,
    people,
    memory,
    at: time(line.timestamp) ?? time(memory.at) ?? new Date(0).toISOString(),
    session: string(line.sessionId, 200) ?? string(memory.session) ?? "",
  };
}

export interface Words {
  id?: string;
  /** Tells events of one line and one kind apart. */
  index?: number;
  sender?: Participant;
  text?: string | undefined;
  body?: Json;
  raw?: string;
}

/** Makes the event. Unless an id is given it comes from the line's uuid, or from its content where it has none. */
export function tell(scene: Scene, kind: Kind, words: Words): Event {
  const { line, memory, people, raw, session } = scene;
  const uuid = string(line.uuid);
  const index = words.index ?? 0;
  const turn = string(memory.turn);
  const parent = string(memory.subagent, 128) ?? string(line.agentId, 128);
  const version = string(line.version, 64) ?? string(memory.version);
  return {
    id: words.id ?? (uuid ? lineId(uuid, kind, index) : contentId(session, `${kind}${index}`, raw)),
    at: scene.at,
    sender: words.sender ?? people.agent,
    kind,
    ...(words.text ? { text: words.text } : {}),
    body: defined(words.body ?? {}),
    ...(words.raw === undefined ? {} : { raw: words.raw }),
    ...(turn ? { turn } : {}),
    ...(parent ? { parent } : {}),
    source: {
      agent: "claude-code",
      ...(version ? { version } : {}),
      translator: TRANSLATOR,
      via: "transcript",
    },
  };
}

/** The person at the keyboard. */
export const driver = (people: People): Participant => people.driver ?? "user:unknown";

/** What has no place yet: kept as it came. */
export const other = (scene: Scene, type: string, data?: unknown): Event =>
  tell(scene, "other", { body: { type, data }, raw: scene.raw });
