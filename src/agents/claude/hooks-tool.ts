import type { Fact } from "../agent.ts";
import { type Json, list, number, record, type Shape, string } from "../fields.ts";
import { callWords } from "./assistant.ts";
import type { Hook } from "./hooks.ts";
import { callId } from "./ids.ts";
import { outputOf } from "./media.ts";
import { fact, type Moment } from "./moment.ts";
import { added, textOf } from "./result.ts";
import { driver } from "./scene.ts";
import { ASK, answers, brief, PLAN, telling } from "./tools.ts";

const CALL: Readonly<Record<string, Shape>> = {
  tool_name: "string",
  tool_input: "object",
  tool_use_id: "string",
  mcp_server: "object",
};

/**
 * Tool calls. Only PermissionRequest is installed by default; the others are read for an installation that records by
 * hooks. The ids are those of the transcript.
 */
export const toolHooks: Readonly<Record<string, Hook>> = {
  PreToolUse: {
    fields: CALL,
    read(moment) {
      const { tool_name, tool_input, tool_use_id } = moment.payload;
      const name = string(tool_name);
      if (!name) return undefined;
      return { turn: "open", facts: [called(moment, name, string(tool_use_id), tool_input)] };
    },
  },
  PostToolUse: {
    fields: { ...CALL, tool_response: "any", duration_ms: "number" },
    read(moment) {
      const { tool_name, tool_use_id, tool_input, tool_response } = moment.payload;
      const name = string(tool_name);
      const use = string(tool_use_id);
      if (!name) return undefined;
      const given = record(tool_response).answers ?? record(tool_input).answers;
      const told =
        name === ASK
          ? answered(moment, use, given)
          : result(moment, { name, use, status: "completed", response: tool_response });
      return { turn: "open", facts: [told] };
    },
  },
  PostToolUseFailure: {
    fields: { ...CALL, error: "string", is_interrupt: "boolean", duration_ms: "number" },
    read(moment) {
      const { tool_name, tool_use_id, error } = moment.payload;
      const name = string(tool_name);
      if (!name) return undefined;
      const use = string(tool_use_id);
      return {
        turn: "open",
        facts: [result(moment, { name, use, status: "failed", response: error })],
      };
    },
  },
  /** The only hook for calls that never ran: an unknown tool, invalid input, a denial. */
  PostToolBatch: {
    fields: { tool_calls: "list" },
    read(moment) {
      const facts = list(moment.payload.tool_calls).flatMap((value) => {
        const call = record(value);
        const name = string(call.tool_name);
        const use = string(call.tool_use_id);
        // A question's answer is told by its own hook; refused, the batch has no more than a sentence.
        if (!name || !use || name === ASK) return [];
        const response = call.tool_response;
        const status = statusOf(textOf(outputOf(response)));
        return [
          called(moment, name, use, call.tool_input, "unseen"),
          result(moment, { name, use, status, response }, "unseen"),
        ];
      });
      return { turn: "open", facts };
    },
  },
  /** Runs beside the dialog. A question is no permission: the transcript tells it, with its answer. */
  PermissionRequest: {
    fields: { ...CALL, permission_suggestions: "list" },
    read(moment) {
      const { tool_name, tool_input, permission_suggestions } = moment.payload;
      const name = string(tool_name);
      if (!name) return undefined;
      if (name === ASK) return { turn: "open", facts: [] };
      // A plan is read whole before it is approved; without a file of the plan the hook is told none.
      const { plan } = record(tool_input);
      const text = name === PLAN ? string(plan) : telling(name, record(tool_input));
      const body = { name, input: tool_input, suggestions: permission_suggestions };
      const asked = fact(moment, "called", "permission.request", { text, body });
      return { turn: "open", facts: [{ ...asked, tools: [name] }] };
    },
  },
  PermissionDenied: {
    fields: { ...CALL, reason: "string" },
    read(moment) {
      const { tool_name, tool_use_id, reason } = moment.payload;
      const body = { callId: tool_use_id, name: tool_name, decision: "reject", by: "mode" };
      const text = string(reason);
      return { facts: [fact(moment, "unseen", "permission.decision", { text, body })] };
    },
  },
};

function called(
  moment: Moment,
  name: string,
  use: string | undefined,
  input: unknown,
  release: Fact["release"] = "now",
): Fact {
  const id = use && callId(moment.session, use, "call");
  const kind = name === ASK ? "question.asked" : "tool.call";
  return fact(moment, release, kind, { id, ...callWords(name, use, input) });
}

interface Outcome {
  name: string;
  use: string | undefined;
  status: string;
  response: unknown;
}

function result(moment: Moment, outcome: Outcome, release: Fact["release"] = "now"): Fact {
  const { name, use, status, response } = outcome;
  const output = shown(response);
  return fact(moment, release, "tool.result", {
    id: use && callId(moment.session, use, "result"),
    text: brief(textOf(output)),
    body: {
      callId: use,
      name,
      status,
      output,
      structured: added(response, textOf(output)),
      durationMs: number(moment.payload.duration_ms),
    },
  });
}

function answered(moment: Moment, use: string | undefined, given: unknown): Fact {
  return fact(moment, "now", "question.answered", {
    id: use && callId(moment.session, use, "result"),
    sender: driver(moment.people),
    text: answers(given),
    body: { callId: use, answers: given },
  });
}

/** What a person reads of a structured response, which differs from tool to tool. */
function shown(response: unknown): unknown {
  const fields: Json = record(response);
  const printed = [string(fields.stdout), string(fields.stderr)].filter(Boolean).join("\n");
  if (typeof fields.stdout === "string") return printed;
  const file = record(fields.file).content;
  if (typeof file === "string") return file;
  return outputOf(fields.content ?? (typeof response === "object" ? outputOf(response) : response));
}

/** A batch says only what the model reads. */
function statusOf(text: string): string {
  if (text.startsWith("The user doesn't want to proceed")) return "rejected";
  if (/needs approval|denied|permission/i.test(text.slice(0, 300))) return "denied";
  return /^(<tool_use_error>|Error\b)/.test(text) ? "failed" : "completed";
}
