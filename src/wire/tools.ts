import { z } from "zod";

/**
 * What an agent can do through `polaris mcp`. The recorder says which tools there are (a newer one may know more), and
 * does what they do: POST /tool (ToolCall, answered by ToolAnswer). Every word here stands in the model's context, in
 * each session, so there are few: all of it together is below 1,200 tokens (`test/mcp/tools.test.ts`).
 */
export interface Tool {
  name: string;
  description: string;
  inputSchema: { type: "object"; properties: Record<string, object>; required?: string[] };
  /** Nothing is changed by it. */
  isReading?: true;
  /** Done twice it is not the same as once: a call without an answer is not repeated. */
  isOnce?: true;
  /** Stands in every request, so that it can be called without a search for it. */
  isReady?: true;
}

const text = (description: string) => ({ type: "string", description });

export const TOOLS: readonly Tool[] = [
  {
    name: "polaris_status",
    description: "Whether this session is recorded, where, and who drives it.",
    inputSchema: { type: "object", properties: {} },
    isReading: true,
  },
  {
    name: "polaris_connect",
    description:
      "Record this session into a project, only when the user asks. With the name of a session there, go on with that one.",
    isOnce: true,
    inputSchema: {
      type: "object",
      properties: { project: text("its slug"), session: text("name; made up when absent") },
      required: ["project"],
    },
  },
  {
    name: "polaris_disconnect",
    description: "Stop recording this session, only when the user asks.",
    isOnce: true,
    inputSchema: { type: "object", properties: {} },
  },
  {
    name: "polaris_rename",
    description: "Give this session a label that teammates see.",
    inputSchema: {
      type: "object",
      properties: { label: text("a few words") },
      required: ["label"],
    },
  },
  {
    name: "polaris_reply",
    description: "Answer a teammate's advice.",
    inputSchema: {
      type: "object",
      properties: { id: text("the advice's id"), text: text("your answer") },
      required: ["id", "text"],
    },
    isReady: true,
  },
  {
    name: "polaris_inbox",
    description: "Teammates' advice that has not reached this session yet.",
    inputSchema: { type: "object", properties: {} },
  },
  {
    name: "polaris_advise",
    description:
      "Say something to the agent of another session. `polaris_context` of that session shows its answer.",
    inputSchema: {
      type: "object",
      properties: {
        session: text("its name"),
        text: text("what to say"),
        project: text("this one's when absent"),
      },
      required: ["session", "text"],
    },
  },
  {
    name: "polaris_context",
    description:
      "What other sessions of this project have said and done, newest last, with event ids. With `brief`, a summary instead.",
    inputSchema: {
      type: "object",
      properties: {
        project: text("this one's when absent"),
        session: text("only this session"),
        person: text("only theirs: user:name"),
        after: text("RFC 3339"),
        before: text("RFC 3339"),
        search: text("words"),
        budget: { type: "integer", description: "tokens, 1500 when absent" },
        brief: { type: "boolean" },
      },
    },
    isReading: true,
  },
  {
    name: "polaris_sessions",
    description: "Who is at work now, in which sessions, on what.",
    inputSchema: { type: "object", properties: { project: text("only this project") } },
    isReading: true,
  },
];

/** Who asks is known by its process; the agent session it was started in is the second best. */
export const ToolCall = z.object({
  /** The same call again, when no answer came: it gets the same answer. Callers of an earlier version have none. */
  call: z.guid().optional(),
  pid: z.int(),
  agentSession: z.string().max(200).optional(),
  tool: z.string().max(64),
  input: z.record(z.string(), z.unknown()).default({}),
});
export type ToolCall = z.infer<typeof ToolCall>;

export interface ToolAnswer {
  text: string;
  isError?: true;
  /** It holds advice: the recorder waits to hear whether the agent was given it (POST /given). */
  receipt?: true;
}

/** As the recorder says them: an older `polaris mcp` shows also those that it has never heard of. */
export const ToolList = z.array(
  z.looseObject({
    name: z.string(),
    description: z.string(),
    inputSchema: z.looseObject({ type: z.literal("object") }),
    isReading: z.literal(true).optional(),
    isOnce: z.literal(true).optional(),
    isReady: z.literal(true).optional(),
  }),
);
export type ToolList = z.infer<typeof ToolList>;
