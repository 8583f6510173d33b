import type { Event } from "../../wire/event.ts";
import { type Json, number, record, string } from "../fields.ts";
import { contentId } from "./ids.ts";
import { isNewTitle, titlesSeen } from "./memory.ts";
import { type Scene, sceneOf, tell } from "./scene.ts";

/**
 * `custom-title` and `agent-name` say the same thing and carry neither uuid nor time. At the head of a file no time
 * is known yet: the title waits in the memory for the first line that has one.
 */
export function readTitle(scene: Scene, given: unknown): Event[] {
  const { memory } = scene;
  const title = string(given, 500);
  if (!title) return [];
  memory.named = true;
  return newTitle(scene, title);
}

/** The agent's own title for the session, until a person gives one. */
export function readOwnTitle(scene: Scene): Event[] {
  const title = string(scene.line.aiTitle, 500);
  return title && scene.memory.named !== true ? newTitle(scene, title) : [];
}

function newTitle(scene: Scene, title: string): Event[] {
  const { memory } = scene;
  if (!isNewTitle(memory, title)) return [];
  if (memory.at !== undefined) return [titled(scene, title)];
  memory.untold = title;
  return [];
}

/** The title that waited, when this line knows a time. */
export function readUntold({ raw, line, people, memory }: Scene): Event[] {
  const title = string(memory.untold);
  if (!title || memory.at === undefined) return [];
  memory.untold = undefined;
  return [titled(sceneOf(raw, line, people, memory), title)];
}

/** Numbered, so that a session that gets an old title back has it told again. */
function titled(scene: Scene, title: string): Event {
  const id = contentId(scene.session, `title${titlesSeen(scene.memory)}`, title);
  return tell(scene, "session.title", { id, text: title });
}

/** The session's cost so far, written when the process ends: totals, not to be added up. */
export function readCost(scene: Scene): Event[] {
  const { line, memory } = scene;
  const costUsd = number(line.totalCostUSD);
  const models = Object.entries(record(line.modelUsage)).map(([model, used]) =>
    perModel(model, used),
  );
  const known = JSON.stringify([costUsd, models]);
  if (memory.cost === known) return [];
  memory.cost = known;
  return [
    tell(scene, "usage", {
      body: {
        total: true,
        costUsd,
        durationMs: number(line.totalDuration),
        apiDurationMs: number(line.totalAPIDuration),
        toolDurationMs: number(line.totalToolDuration),
        linesAdded: number(line.totalLinesAdded),
        linesRemoved: number(line.totalLinesRemoved),
        models: models.length ? models : undefined,
        hasUnknownCost: line.hasUnknownModelCost === true || undefined,
      },
    }),
  ];
}

function perModel(model: string, value: unknown): Json {
  const used = record(value);
  return {
    model,
    inputTokens: number(used.inputTokens),
    outputTokens: number(used.outputTokens),
    cacheReadTokens: number(used.cacheReadInputTokens),
    cacheWriteTokens: number(used.cacheCreationInputTokens),
    thinkingTokens: number(used.thinkingTokens),
    costUsd: number(used.costUSD),
  };
}

/** The pull request the session works on; repeated at every start of the client. */
export function readPullRequest(scene: Scene): Event[] {
  const { line, memory, session } = scene;
  const url = string(line.prUrl, 2048);
  if (!url || memory.pullRequest === url) return [];
  memory.pullRequest = url;
  const body = {
    kind: "pull_request",
    url,
    number: number(line.prNumber),
    repository: string(line.prRepository),
  };
  return [tell(scene, "notice", { id: contentId(session, "pr-link", url), text: url, body })];
}
