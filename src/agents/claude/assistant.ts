import type { Event } from "../../wire/event.ts";
import { list, number, record, string } from "../fields.ts";
import { callId, usageId } from "./ids.ts";
import { countOnce, remember } from "./memory.ts";
import { costOf } from "./prices.ts";
import { readResult } from "./result.ts";
import { other, type Scene, tell } from "./scene.ts";
import { ASK, questions, telling, toolKind } from "./tools.ts";

/** An `assistant` line: usually one block of a model message, told one event each, and its tokens once. */
export function readAssistant(scene: Scene): Event[] {
  const { line } = scene;
  const message = record(line.message);
  if (line.isApiErrorMessage === true) return [failed(scene)];
  const blocks = typeof message.content === "string" ? [text(message.content)] : message.content;
  if (!Array.isArray(blocks)) return [other(scene, "assistant")];
  const events = blocks.flatMap((block, index) => readBlock(scene, block, index));
  return [...events, ...usage(scene)];
}

const text = (content: string) => ({ type: "text", text: content });

function readBlock(scene: Scene, value: unknown, index: number): Event[] {
  const block = record(value);
  const message = record(scene.line.message);
  const model = string(message.model);
  const messageId = string(message.id);
  const type = string(block.type) ?? "";
  if (type === "text" && typeof block.text === "string") {
    if (!block.text.trim()) return [];
    // The client's own words in the agent's place ("No response requested.").
    if (model === "<synthetic>") {
      return [tell(scene, "notice", { index, text: block.text, body: { kind: "synthetic" } })];
    }
    const aborted = scene.line.isAbortedMidStream === true || undefined;
    return [
      tell(scene, "agent.message", {
        index,
        text: block.text,
        body: { model, messageId, aborted },
      }),
    ];
  }
  if (type === "thinking" || type === "redacted_thinking") {
    const thought = string(block.thinking);
    if (!thought?.trim()) return [];
    const durationMs = number(scene.line.thinkingDurationMs);
    const body = { model, messageId, durationMs };
    return [tell(scene, "agent.thought", { index, text: thought, body })];
  }
  if (type === "tool_use" || type === "server_tool_use" || type === "mcp_tool_use") {
    return [called(scene, block, index)];
  }
  if (type.endsWith("_tool_result")) return readResult(scene, block, index);
  return [tell(scene, "other", { index, body: { type: `assistant/${type}` }, raw: scene.raw })];
}

function called(scene: Scene, block: Record<string, unknown>, index: number): Event {
  const { line, memory } = scene;
  const name = string(block.name) ?? "unknown";
  const use = string(block.id);
  // In a fork the copied lines name the session that made the request.
  const session = string(line.requestSessionId) ?? scene.session;
  if (use) remember(memory, use, { name, session });
  const id = use ? { id: callId(session, use, "call") } : { index };
  return tell(scene, name === ASK ? "question.asked" : "tool.call", {
    ...id,
    ...callWords(name, use, block.input),
  });
}

/** The words of a call, the same whether a hook or the transcript tells it. */
export function callWords(name: string, use: string | undefined, given: unknown) {
  const input = record(given);
  if (name === ASK) {
    return { text: questions(input), body: { callId: use, questions: list(input.questions) } };
  }
  return {
    text: telling(name, input),
    body: { callId: use, name, kind: toolKind(name), input: given },
  };
}

function usage(scene: Scene): Event[] {
  const { line, memory } = scene;
  const message = record(line.message);
  const messageId = string(message.id);
  const model = string(message.model);
  const counted = record(message.usage);
  if (!messageId || model === "<synthetic>" || Object.keys(counted).length === 0) return [];
  if (!countOnce(memory, messageId)) return [];
  const session = string(line.requestSessionId) ?? scene.session;
  return [
    tell(scene, "usage", {
      id: usageId(session, messageId),
      body: {
        model,
        messageId,
        inputTokens: number(counted.input_tokens),
        outputTokens: number(counted.output_tokens),
        cacheReadTokens: number(counted.cache_read_input_tokens),
        cacheWriteTokens: number(counted.cache_creation_input_tokens),
        thinkingTokens: number(record(counted.output_tokens_details).thinking_tokens),
        costUsd: costOf(model, counted),
      },
    }),
  ];
}

/** The request failed for good; the text is the client's. */
function failed(scene: Scene): Event {
  const { line } = scene;
  const said = list(record(line.message).content).map((block) => string(record(block).text));
  return tell(scene, "error", {
    text: said.filter(Boolean).join("\n"),
    body: {
      status: number(line.apiErrorStatus),
      type: string(line.apiErrorType) ?? string(line.error),
      final: true,
    },
  });
}
