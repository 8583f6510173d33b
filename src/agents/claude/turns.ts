import type { Recorded } from "../agent.ts";
import { isRecord, type Json, list, number, record, string } from "../fields.ts";
import { frame } from "./advice.ts";
import { ASK } from "./tools.ts";

/**
 * A message of the conversation as the model's service takes it. The results of an agent's calls stand with it, whenever
 * they came: the service refuses a call that the very next message does not answer.
 */
export interface Turn {
  role: "user" | "assistant";
  /** The first event that it is made of. */
  id: string;
  at: string;
  content: Json[];
  /** Polaris's own words: the model reads them, the screen does not show them. */
  isMeta: boolean;
  messageId: string | undefined;
  model: string | undefined;
  usage: Json | undefined;
  calls: { id: string; result: Json | undefined }[];
}

/**
 * Puts recorded events back together to the conversation they were. Thoughts are left out (without their signature the
 * service refuses them), subagents' events too: what they found stands in the result of the call that started them.
 */
export function startTurns(): { take(event: Recorded): void; turns: () => Turn[] } {
  let turns: Turn[] = [];
  /** The latest call of each name that the record knows; gateways number theirs, so names come again. */
  const calls = new Map<string, Turn["calls"][number]>();
  let count = 0;

  function add(role: Turn["role"], { id, at }: Recorded, more: Partial<Turn> = {}): Turn {
    const none = { isMeta: false, messageId: undefined, model: undefined, usage: undefined };
    const turn: Turn = { role, id, at, content: [], calls: [], ...none, ...more };
    turns.push(turn);
    return turn;
  }

  function hear(event: Recorded, words: string | undefined, isMeta = false): void {
    if (words?.trim()) add("user", event, { isMeta, content: [text(words)] });
  }

  /** The agent's message that this belongs to: the running one, as long as nothing has come between. */
  function speaking(event: Recorded): Turn {
    const last = turns.at(-1);
    const messageId = string(event.body.messageId);
    const isOther = messageId !== undefined && last?.messageId !== undefined;
    if (last?.role !== "assistant" || last.calls.some(({ result }) => result)) {
      return add("assistant", event, { messageId });
    }
    if (isOther && last.messageId !== messageId) return add("assistant", event, { messageId });
    last.messageId ??= messageId;
    return last;
  }

  function call(event: Recorded): void {
    const { callId, name, input, questions } = event.body;
    const known = string(callId) ?? "";
    const id = SAFE.test(known) && !calls.has(known) ? known : `toolu_polaris_${++count}`;
    const turn = speaking(event);
    const made = { id, result: undefined };
    turn.calls.push(made);
    calls.set(known, made);
    const isQuestion = event.kind === "question.asked";
    turn.content.push({
      type: "tool_use",
      id,
      name: isQuestion ? ASK : (string(name) ?? "unknown").replace(/[^\w-]/g, "_").slice(0, 128),
      input: isQuestion ? { questions: list(questions) } : record(input),
    });
  }

  function answer(event: Recorded): void {
    const { callId, status, output, feedback } = event.body;
    const made = calls.get(string(callId) ?? "");
    if (!made || made.result) return;
    const given = event.kind === "question.answered" ? event.text : output;
    made.result = {
      type: "tool_result",
      tool_use_id: made.id,
      content: contentOf(given, string(feedback)),
      ...(status === undefined || status === "completed" ? {} : { is_error: true }),
    };
  }

  const reads: Readonly<Record<string, (event: Recorded) => void>> = {
    "user.message": (event) => hear(event, wordsOf(event)),
    "agent.message"(event) {
      if (!event.text?.trim()) return;
      const turn = speaking(event);
      turn.model ??= string(event.body.model);
      turn.content.push(text(event.text));
    },
    "tool.call": call,
    "question.asked": call,
    "tool.result": answer,
    "question.answered": answer,
    "turn.end"(event) {
      if (event.body.reason === "cancelled") hear(event, "[Request interrupted by user]");
    },
    "driver.changed"(event) {
      const driver = string(event.body.driver);
      if (driver) hear(event, `(From here on ${driver} drives.)`, true);
    },
    "recording.resumed": (event) => hear(event, "(Here something was off the record.)", true),
    usage(event) {
      const last = turns.at(-1);
      if (last?.role !== "assistant" || event.body.messageId === undefined) return;
      last.usage ??= event.body;
    },
    notice(event) {
      const { kind, path } = event.body;
      if (kind === "bash_output") hear(event, `<bash-stdout>${event.text}</bash-stdout>`);
      if (kind === "attached") hear(event, `(Attached: ${string(path) ?? event.text})`, true);
      if (kind !== "compact_summary") return;
      // The agent itself went on with this alone.
      turns = [];
      calls.clear();
      hear(event, event.text);
    },
  };

  return {
    take(event) {
      if (event.parent === undefined && Object.hasOwn(reads, event.kind)) {
        reads[event.kind]?.(event);
      }
    },
    /** What Polaris says after the last word would be answered by the client itself ("No response requested."). */
    turns: () => turns.slice(0, turns.findLastIndex(({ isMeta }) => !isMeta) + 1),
  };
}

const SAFE = /^[\w-]{1,64}$/;

const text = (words: string): Json => ({ type: "text", text: words });

function wordsOf({ id, at, sender, text = "", body }: Recorded): string {
  const from = record(body.from);
  const images = list(body.images).map((image) => `(An image: ${described(record(image))})`);
  const words = [text, ...images].filter(Boolean).join("\n");
  if (body.origin === "injected") {
    const name = string(from.name);
    return frame({ id: string(from.injection) ?? id, from: sender, name, at, text: words });
  }
  if (body.origin === "system") return `<system-reminder>\n${words}\n</system-reminder>`;
  return typeof body.bash === "string" ? `<bash-input>${body.bash}</bash-input>` : words;
}

const described = ({ mediaType, bytes }: Json): string =>
  `${[string(mediaType), number(bytes) && `${bytes} bytes`].filter(Boolean).join(", ")}, not kept`;

/** A result as the service takes it: images are named, blocks of other kinds written out. */
function contentOf(output: unknown, feedback: string | undefined): string | Json[] {
  const said = feedback ? [text(feedback)] : [];
  if (!Array.isArray(output)) {
    const words = typeof output === "string" ? output : output ? JSON.stringify(output) : "";
    return said.length ? [text(words || "(nothing)"), ...said] : words;
  }
  const blocks = output.map((block) => {
    const { type, text: words } = record(block);
    if (type === "text" && typeof words === "string") return text(words);
    const isMedia = isRecord(block) && (type === "image" || type === "document");
    return text(isMedia ? `(${type}: ${described(record(block))})` : JSON.stringify(block));
  });
  // The service refuses a block without words.
  return [...blocks, ...said].filter(({ text: words }) => words !== "");
}
