import type { Late, Mirror } from "../../core/slack-mirrors.ts";
import * as mirrors from "../../core/slack-mirrors.ts";
import type { StoredEvent } from "../../wire/event.ts";
import { line } from "../format/safe.ts";
import { context, plural } from "./card.ts";
import { type Scene, still } from "./scene.ts";

/** What happened longer ago than this is history when it comes: a machine that was away, a recovery, an import. */
const LATE_MS = 10 * 60_000;

export const isLate = (event: StoredEvent, now = Date.now()): boolean =>
  event.source.via === "import" || now - Date.parse(event.at) > LATE_MS;

/**
 * Adds what came late to one summary instead of telling it again: in the session's thread, where the conversation went
 * on without Slack; for imported sessions that Slack has never seen, in one line of the project for all of them.
 */
export async function late(scene: Scene, mirror: Mirror, event: StoredEvent): Promise<void> {
  if (!["user.message", "agent.message", "tool.call"].includes(event.kind)) return;
  if (event.kind === "user.message" && event.body.origin === "system") return;
  if (event.source.via === "import" && !mirror.card) return imported(scene, mirror, event);
  const { at } = event;
  const run: Late = mirror.late ?? {
    key: `late ${event.id}`,
    prompts: 0,
    answers: 0,
    tools: 0,
    from: at,
    to: at,
  };
  if (event.kind === "user.message") run.prompts++;
  if (event.kind === "agent.message") run.answers++;
  if (event.kind === "tool.call") run.tools++;
  stretch(run, at);
  mirror.late = run;
  mirror.answerSeq = null;
}

/** Says how far the summary has come; called once a batch. */
export async function tellLate(scene: Scene, mirror: Mirror, seq: number): Promise<void> {
  const run = mirror.late;
  if (!run) return;
  const counts = [
    plural(run.prompts, "prompt"),
    ...(run.answers > 0 ? [`${plural(run.answers, "message")} of the agent`] : []),
    ...(run.tools > 0 ? [plural(run.tools, "tool call")] : []),
  ];
  const { to, thread } = await scene.place(mirror);
  const where = `<${scene.urlOf(mirror)}|${line(mirror.name, 64)}>`;
  const text = `Caught up on ${where}: ${counts.join(", ")} · ${span(run)}`;
  await summary(scene, mirror, { key: run.key, text, seq, to, thread });
}

async function imported(scene: Scene, mirror: Mirror, event: StoredEvent): Promise<void> {
  if (event.kind === "tool.call") return;
  const { tx, project, hour } = scene;
  const at = event.at;
  const run = (await mirrors.importedIn(tx, project.project, hour)) ?? {
    key: `imported ${project.project} ${hour.toISOString()}`,
    sessions: [],
    prompts: 0,
    answers: 0,
    from: at,
    to: at,
  };
  if (!run.sessions.includes(mirror.session)) run.sessions.push(mirror.session);
  if (event.kind === "user.message") run.prompts++;
  else run.answers++;
  stretch(run, at);
  await mirrors.noteImported(tx, project.project, hour, run);
  const { id } = await scene.channel();
  const counts = `${plural(run.prompts, "prompt")}, ${plural(run.answers, "message")} of the agents`;
  const link = `<${project.publicUrl}/app/p/${encodeURIComponent(project.slug)}|Open>`;
  const text = `Imported ${plural(run.sessions.length, "session")}: ${counts} · ${span(run)} · ${link}`;
  await summary(scene, mirror, { key: run.key, text, seq: event.seq, to: { channel: id } });
}

async function summary(
  scene: Scene,
  mirror: Mirror,
  wanted: {
    key: string;
    text: string;
    seq: number;
    to: { channel: string } | { id: string };
    thread?: string | undefined;
  },
): Promise<void> {
  const { key, text, to, thread } = wanted;
  const payload = still({ text, blocks: [context(text)] });
  if (await mirrors.isWritten(scene.tx, scene.project.org, key)) {
    const update = { method: "update", target: key, merge: key } as const;
    return scene.write(mirror, { to, key: `${key} ${wanted.seq}`, ...update, payload });
  }
  await scene.write(mirror, { to, key, method: "post", ...(thread ? { thread } : {}), payload });
}

function stretch(run: { from: string; to: string }, at: string): void {
  if (Date.parse(at) < Date.parse(run.from)) run.from = at;
  if (Date.parse(at) > Date.parse(run.to)) run.to = at;
}

/** From when to when, in the reader's own time zone. */
function span({ from, to }: { from: string; to: string }): string {
  const at = (time: string) =>
    `<!date^${Math.floor(Date.parse(time) / 1000)}^{date_short_pretty} {time}|${time.slice(0, 16).replace("T", " ")} UTC>`;
  return `${at(from)} to ${at(to)}`;
}
