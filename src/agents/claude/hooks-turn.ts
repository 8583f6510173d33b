import { list, record, string } from "../fields.ts";
import { envelopeOf } from "./envelope.ts";
import type { Hook } from "./hooks.ts";
import { adviceId, turnId } from "./ids.ts";
import { background, fact, type Moment, notice } from "./moment.ts";
import { driver } from "./scene.ts";

/** A turn: the prompt, the answer, the end; and what the agent asks for meanwhile. */
export const turnHooks: Readonly<Record<string, Hook>> = {
  UserPromptSubmit: {
    fields: { prompt: "string" },
    read(moment) {
      const { people, payload } = moment;
      const prompt = string(payload.prompt);
      if (!prompt) return undefined;
      const message = envelopeOf(prompt, people);
      const words = message
        ? {
            sender: message.sender,
            text: message.text,
            body: { origin: message.origin, from: message.from },
          }
        : { sender: driver(people), text: prompt, body: { origin: "user" } };
      const id = message?.injection
        ? adviceId(message.injection)
        : ownId(moment, "user.message", prompt);
      return { turn: "open", facts: [fact(moment, "unseen", "user.message", { id, ...words })] };
    },
  },
  // A command becomes a prompt, which is then told itself.
  UserPromptExpansion: {
    fields: {},
    read: () => ({ turn: "open", facts: [] }),
  },
  /** Printed answers come whole; in the terminal they come line by line, and the transcript has the whole. */
  MessageDisplay: {
    fields: {
      turn_id: "string",
      message_id: "string",
      index: "number",
      final: "boolean",
      delta: "string",
    },
    read(moment) {
      const { index, final, delta } = moment.payload;
      if (typeof delta !== "string") return undefined;
      return { turn: "open", facts: index === 0 && final === true ? answer(moment, delta) : [] };
    },
  },
  Stop: {
    fields: {
      stop_hook_active: "boolean",
      last_assistant_message: "string",
      background_tasks: "list",
      session_crons: "list",
    },
    read(moment) {
      const { last_assistant_message, background_tasks } = moment.payload;
      const running = background(background_tasks);
      const body = { reason: "end_turn", backgroundTasks: running };
      // A subagent in the background goes on writing; a background shell may run for days and does not.
      const isWatched = running?.some((task) => record(task).type === "subagent");
      return {
        ...(isWatched ? {} : { turn: "close" }),
        facts: [
          ...answer(moment, string(last_assistant_message)),
          fact(moment, "quiet", "turn.end", { body }),
        ],
      };
    },
  },
  StopFailure: {
    fields: { error: "string", last_assistant_message: "string" },
    read(moment) {
      const { error, last_assistant_message } = moment.payload;
      const text = string(last_assistant_message) ?? string(error);
      const id = text && ownId(moment, "error", text);
      const reason = error === "max_output_tokens" ? "max_tokens" : "error";
      return {
        turn: "close",
        facts: [
          fact(moment, "unseen", "error", { id, text, body: { type: string(error), final: true } }),
          fact(moment, "quiet", "turn.end", { body: { reason, error: string(error) } }),
        ],
      };
    },
  },
  Notification: {
    fields: { message: "string", notification_type: "string", title: "string" },
    read(moment) {
      const { message, notification_type } = moment.payload;
      return notice(moment, string(notification_type) ?? "notification", message);
    },
  },
  /** A form that an MCP server shows to the person at the keyboard; the transcript does not have it. */
  Elicitation: {
    fields: {
      mcp_server_name: "string",
      message: "string",
      mode: "string",
      requested_schema: "object",
    },
    read(moment) {
      const { mcp_server_name, message, requested_schema } = moment.payload;
      const text = string(message);
      if (!text) return undefined;
      const questions = [{ question: text, schema: requested_schema }];
      const body = { from: mcp_server_name, questions };
      return { facts: [fact(moment, "now", "question.asked", { text, body })] };
    },
  },
  ElicitationResult: {
    fields: { mcp_server_name: "string", mode: "string", action: "string", content: "any" },
    read(moment) {
      const { mcp_server_name, action, content } = moment.payload;
      const cancelled = action !== "accept" || undefined;
      const body = { from: mcp_server_name, answers: content, action, cancelled };
      const text = list(Object.values(record(content)))
        .map(String)
        .join("\n");
      const sender = driver(moment.people);
      return { facts: [fact(moment, "now", "question.answered", { sender, text, body })] };
    },
  },
};

/** Stop and MessageDisplay may say the same answer: one id. */
function answer(moment: Moment, text: string | undefined) {
  if (!text?.trim()) return [];
  const id = ownId(moment, "agent.message", text);
  return [fact(moment, "unseen", "agent.message", { id, text })];
}

/** The prompt's id belongs to one prompt, so the same words in it are the same fact; without it only the call is. */
const ownId = (moment: Moment, kind: string, text: string): string | undefined =>
  moment.turn ? turnId(moment.turn, kind, text) : undefined;
