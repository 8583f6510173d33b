import type { Event } from "../../wire/event.ts";
import { string } from "../fields.ts";
import { contentId, lineId } from "./ids.ts";
import { type Scene, tell } from "./scene.ts";

/**
 * Every line says in which directory and on which branch it was written. What is new goes along with the next event of
 * the session; that the branch is another one is an event of its own, because no hook tells it.
 */
export function readPlace(scene: Scene, events: Event[]): Event[] {
  const { line, memory } = scene;
  const [first, ...rest] = events;
  if (!first || memory.subagent !== undefined || line.isSidechain === true) return events;
  const place: Record<string, string> = {};
  const before = string(memory.toldBranch);
  const branch = string(line.gitBranch, 512);
  // Outside a repository, and between branches, it says HEAD.
  if (branch && branch !== "HEAD" && branch !== before) place.branch = memory.toldBranch = branch;
  const cwd = string(line.cwd, 4096);
  if (cwd && cwd !== memory.toldCwd) place.cwd = memory.toldCwd = cwd;
  if (Object.keys(place).length === 0) return events;
  const placed = { ...first, body: { ...first.body, ...place } };
  if (!before || !place.branch) return [placed, ...rest];
  return [changed(scene, before, place.branch), placed, ...rest];
}

function changed(scene: Scene, from: string, to: string): Event {
  const uuid = string(scene.line.uuid);
  const id = uuid ? lineId(uuid, "branch", 0) : contentId(scene.session, "branch", scene.raw);
  return tell(scene, "notice", { id, text: to, body: { kind: "branch", from, to } });
}
