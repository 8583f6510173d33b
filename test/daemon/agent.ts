import { appendFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import type { Agent, Fact, HookReading } from "../../src/agents/agent.ts";
import { uuid5, uuid7 } from "../../src/lib/uuid.ts";
import type { Event } from "../../src/wire/event.ts";
import type { HookCall } from "../../src/wire/local.ts";

/** A coding agent with a dialect of three words, enough to say all that the recorder has to understand. */
const SPACE = "5a1c0e8e-7f0e-4a39-9d6e-6f1f0b8f8a01";

/** A fact whose source gives it no identity: another id each time it is read. */
export const ANEW = "anew";

const Said = z.object({
  session: z.string(),
  hook: z.string(),
  transcript: z.string().optional(),
  cwd: z.string().optional(),
  start: z.enum(["startup", "resume", "clear", "compact", "fork"]).optional(),
  turn: z.enum(["open", "close"]).optional(),
  ended: z.boolean().optional(),
  rung: z.boolean().optional(),
  fact: z
    .object({
      kind: z.string(),
      text: z.string().optional(),
      turn: z.string().optional(),
      release: z.enum(["now", "quiet", "unseen", "called"]),
      tools: z.array(z.string()).optional(),
      parent: z.string().optional(),
      id: z.string().optional(),
    })
    .optional(),
});
export type Said = z.infer<typeof Said>;

const Line = z.object({
  id: z.string().optional(),
  kind: z.string(),
  text: z.string().optional(),
  turn: z.string().optional(),
  at: z.string().optional(),
  /** Of a call: the tool, and the call's id. */
  name: z.string().optional(),
  callId: z.string().optional(),
  /** Advice that stands in the conversation here, or in the agent's queue. */
  injection: z.string().optional(),
  takes: z.string().optional(),
});
export type Line = z.infer<typeof Line>;

const Given = z.object({ injection: z.string() });

export const tiny: Agent = {
  name: "tiny",
  participant: "agent:tiny",
  readHook(call, people): HookReading {
    const said = Said.safeParse(parse(call.payload));
    if (!said.success) return { name: "", agentSession: "", facts: [] };
    const { session, hook, fact, ...rest } = said.data;
    const facts: Fact[] = fact
      ? [
          {
            release: fact.release,
            ...(fact.tools === undefined ? {} : { tools: fact.tools }),
            event: {
              id: fact.id === ANEW ? uuid7() : (fact.id ?? uuid5(SPACE, call.id)),
              at: call.at,
              sender: people.driver ?? "user:unknown",
              kind: fact.kind,
              ...(fact.text === undefined ? {} : { text: fact.text }),
              ...(fact.turn === undefined ? {} : { turn: fact.turn }),
              ...(fact.parent === undefined ? {} : { parent: fact.parent }),
              body: {},
              source: { agent: "tiny", translator: 1, via: "hook" },
            },
          },
        ]
      : [];
    return JSON.parse(JSON.stringify({ ...rest, name: hook, agentSession: session, facts }));
  },
  readLine(line, people, memory): Event[] {
    const read = Line.safeParse(parse(line));
    const lines = typeof memory.lines === "number" ? memory.lines : 0;
    memory.lines = lines + 1;
    const base = {
      at: new Date().toISOString(),
      sender: people.agent,
      source: { agent: "tiny", translator: 1, via: "transcript" as const },
      ...(memory.subagent === undefined ? {} : { parent: memory.subagent }),
    };
    if (!read.success) {
      const id = uuid5(SPACE, `bad ${lines} ${line.slice(0, 100)}`);
      return [{ ...base, id, kind: "other", body: { type: "unreadable" }, raw: line }];
    }
    const { id = uuid5(SPACE, line), kind, text, turn, at, name, callId, injection } = read.data;
    if (read.data.takes) return [];
    return [
      {
        ...base,
        id,
        kind,
        ...(at === undefined ? {} : { at }),
        ...(text === undefined ? {} : { text }),
        ...(turn === undefined ? {} : { turn }),
        body: {
          line: lines,
          ...(name === undefined ? {} : { name }),
          ...(callId === undefined ? {} : { callId }),
          ...(injection === undefined ? {} : { origin: "injected", from: { injection } }),
        },
      },
    ];
  },
  subagentsFolder: (transcript) => transcript.replace(/\.jsonl$/, "/subagents"),
  transcripts: (home) => join(home, "agent"),
  advice: {
    frame: ({ text }) => text,
    message: ({ text }) => text,
    hookOutput: (_, all) => all.map(({ text }) => text).join("\n"),
    wake: ({ text }) => text,
    greeting: (bell) => JSON.stringify({ bell }),
    signs(line) {
      const { takes } = Line.safeParse(parse(line)).data ?? {};
      return takes ? [{ injection: takes, is: "taken" }] : [];
    },
    givenIn({ kind, body }) {
      const { injection } = Given.safeParse(body.from).data ?? {};
      return kind === "tool.result" && injection ? [injection] : [];
    },
  },
};

/** One call of the agent's hook. */
export function hook(said: Said, more: Partial<HookCall> = {}): HookCall {
  return {
    id: uuid7(),
    at: new Date().toISOString(),
    agent: "tiny",
    payload: JSON.stringify(said),
    ...more,
  };
}

/** Writes whole lines to a transcript, as the agent does. */
export function say(transcript: string, ...lines: Line[]): void {
  mkdirSync(dirname(transcript), { recursive: true });
  appendFileSync(transcript, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

/** A line with an identity of its own. */
export function line(text: string, more: Partial<Line> = {}): Line {
  return { id: uuid7(), kind: "agent.message", text, ...more };
}

export const transcriptOf = (folder: string, session: string) => join(folder, `${session}.jsonl`);

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
