/**
 * What a session, or a project, is about, for who comes next: a new driver, a new session. Put together from events by
 * fixed rules, without a model: the same events make the same text, every line says whose it is and which event it
 * stands in (`#12`, a place in the project's log), and nothing is said that nobody said.
 */
import type { Db } from "../db/db.ts";
import { type Brief, CHARS_PER_TOKEN } from "../wire/context.ts";
import type { Project, Session } from "../wire/session.ts";
import type { Caller } from "./caller.ts";
import { clip, clipLine } from "./clip.ts";
import * as sessions from "./sessions.ts";
import { decisionsOf, type Said, type Story, storyOf } from "./story.ts";

export async function sessionBrief(
  db: Db,
  caller: Caller,
  { project, session }: { project: Project; session: Session },
  budget: number,
): Promise<Brief> {
  const story = await db.as(caller.org, (tx) => storyOf(tx, caller, { project, session }));
  const text = sessionText(session, story, budget * CHARS_PER_TOKEN, "#");
  return briefOf(project, session.name, story.upTo, text);
}

/** The project's last sessions that were at work, each in its share of the budget. */
export async function projectBrief(
  db: Db,
  caller: Caller,
  project: Project,
  budget: number,
): Promise<Brief> {
  const { items } = await sessions.list(db, caller, project, { limit: 8 });
  const used = items.filter(({ lastSeq }) => lastSeq > 0);
  const title = project.name === project.slug ? project.slug : `${project.name} (${project.slug})`;
  const parts = [`# Project ${title}, up to #${project.lastSeq}`];
  let room = budget * CHARS_PER_TOKEN - (parts[0]?.length ?? 0);
  for (const [at, session] of used.entries()) {
    const share = Math.floor(room / (used.length - at)) - 2;
    if (share < 160) break;
    const story = await db.as(caller.org, (tx) => storyOf(tx, caller, { project, session }));
    const part = sessionText(session, story, share, "##");
    room -= part.length + 2;
    parts.push(part);
  }
  if (used.length === 0) parts.push("Nothing has happened here yet.");
  return briefOf(project, null, project.lastSeq, parts.join("\n\n"));
}

const briefOf = ({ slug }: Project, session: string | null, upTo: number, text: string): Brief => ({
  project: slug,
  session,
  upTo,
  tokens: Math.ceil(text.length / CHARS_PER_TOKEN),
  text,
});

/** A part of the brief: how much of what is left it may take, and its lines, the most telling first. */
type Part = [title: string, share: number, lines: string[]];

/** What one part leaves over is the next one's. */
function sessionText(session: Session, story: Story, room: number, mark: string): string {
  const most = Math.max(120, Math.min(600, room / 12));
  const say = (each: Said) => `- ${by(each)}: ${clipLine(each.text, most)}`;
  const head = `${mark} ${headOf(session)}`;
  const facts = clipLine(factsOf(session, story), Math.max(160, room / 6));
  const parts: Part[] = [
    ["Goal", 0.2, story.goal ? [say(story.goal)] : []],
    ["Now", 0.3, nowOf(session, story, room / 5)],
    ["Open", 0.3, openOf(story, say)],
    ["Decisions", 0.4, story.decisions.toReversed().flatMap(marked)],
    [
      "Last prompts",
      0.6,
      story.prompts
        .filter(({ seq }) => seq !== story.goal?.seq)
        .map(say)
        .reverse(),
    ],
    [
      "Files touched",
      1,
      story.files.map(({ path, times, seq }) => `- ${path} (${times}×, #${seq})`),
    ],
  ];
  let left = room - head.length - facts.length - 2;
  const told: string[] = [clip(head, room), facts];
  for (const [title, share, lines] of parts) {
    const text = fit(title, lines, Math.floor(left * share));
    if (!text) continue;
    left -= text.length + 2;
    told.push(text);
  }
  return told.join("\n\n").slice(0, Math.max(0, room));
}

const headOf = ({ project, name, label, title }: Session): string =>
  [`${project}/${name}`, label ?? title].filter(Boolean).join(": ");

function factsOf(session: Session, { upTo }: Story): string {
  const { state, driver, agent, branch, cwd, machine, lastEventAt } = session;
  const facts = [
    `${state.replace("_", " ")}, ${driver ?? "nobody"} drives ${agent}`,
    branch && `branch ${branch}`,
    cwd && `in ${cwd}${machine ? ` on ${machine}` : ""}`,
    lastEventAt && `last event #${upTo} at ${timeOf(new Date(lastEventAt))}`,
  ];
  return `${facts.filter(Boolean).join("; ")}.`;
}

function nowOf({ state }: Session, { answer, error }: Story, room: number): string[] {
  const lines: string[] = [];
  if (error) lines.push(`- ${by(error)} failed: ${clipLine(error.text, room / 2)}`);
  if (answer) lines.push(`- ${by(answer)} said last: ${clipLine(answer.text, room)}`);
  return lines.length > 0 ? lines : [`- ${state.replace("_", " ")}`];
}

function openOf({ open, todos }: Story, say: (each: Said) => string): string[] {
  const words: Record<string, string> = {
    question: "asks",
    permission: "waits for permission",
    advice: "advises, unanswered",
  };
  const asked = open.toReversed().map((each) => {
    const [head, ...rest] = say(each).split(": ");
    return `${head} ${words[each.what ?? ""] ?? ""}: ${rest.join(": ")}`;
  });
  const tasks = todos?.items.map((item) => `- to do (#${todos.seq}): ${clipLine(item, 200)}`) ?? [];
  return [...asked, ...tasks];
}

const marked = (each: Said): string[] =>
  decisionsOf(each).map((text) => `- ${by(each)}: ${clipLine(text, 400)}`);

const by = ({ sender, at, seq }: Said): string => `${sender}, ${timeOf(at)} (#${seq})`;

/** `2026-10-01 12:03`, always UTC: a brief that told the time by where it was made would differ. */
const timeOf = (at: Date): string => at.toISOString().slice(0, 16).replace("T", " ");

/** As many lines as fit, from the first on, and how many do not. */
function fit(title: string, lines: string[], room: number): string {
  const kept: string[] = [];
  let left = room - title.length - 20;
  for (const line of lines) {
    if (line.length + 1 > left) break;
    left -= line.length + 1;
    kept.push(line);
  }
  if (kept.length === 0) return "";
  const more = lines.length - kept.length;
  return [`**${title}**${more > 0 ? ` (${more} more)` : ""}`, ...kept].join("\n");
}
