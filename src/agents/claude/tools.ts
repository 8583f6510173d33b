import { isRecord, type Json, list, record, string } from "../fields.ts";

/** The kinds of tools, as in the Agent Client Protocol. */
export type ToolKind =
  | "read"
  | "edit"
  | "delete"
  | "move"
  | "search"
  | "execute"
  | "think"
  | "fetch"
  | "other";

/** Claude Code's own tools. Tools of MCP servers (`mcp__server__tool`) may do anything. */
const KINDS: Readonly<Record<string, ToolKind>> = {
  Read: "read",
  NotebookRead: "read",
  ReadMcpResourceTool: "read",
  Edit: "edit",
  MultiEdit: "edit",
  Write: "edit",
  NotebookEdit: "edit",
  Grep: "search",
  Glob: "search",
  LS: "search",
  ToolSearch: "search",
  ListMcpResourcesTool: "search",
  Bash: "execute",
  BashOutput: "execute",
  KillShell: "execute",
  Monitor: "execute",
  TaskOutput: "execute",
  TaskStop: "execute",
  WebFetch: "fetch",
  WebSearch: "fetch",
  Agent: "think",
  Task: "think",
  TodoWrite: "think",
  TaskCreate: "think",
  TaskUpdate: "think",
  TaskGet: "think",
  TaskList: "think",
  EnterPlanMode: "think",
  ExitPlanMode: "think",
};

export const toolKind = (name: string): ToolKind =>
  Object.hasOwn(KINDS, name) ? (KINDS[name] ?? "other") : "other";

/** The fields that tell most about a call, the most telling first. */
const TELLING = [
  "command",
  "file_path",
  "notebook_path",
  "pattern",
  "path",
  "url",
  "query",
  "subject",
  "description",
  "skill",
  "plan",
  "prompt",
  "text",
  "message",
  "task_id",
];

/** One line about a call: the command, the path, the pattern. */
export function telling(name: string, input: Json): string {
  const own = TELLING.map((key) => string(input[key])).find((value) => value !== undefined);
  const [, server, tool] = /^mcp__(.+?)__(.+)$/.exec(name) ?? [];
  const title = server && tool ? `${server}: ${tool}` : name;
  if (name === "TodoWrite") return `${list(input.todos).length} tasks`;
  if (name === "Bash") return own ?? name;
  if (!own) return title;
  return server ? `${title} ${brief(own)}` : brief(own);
}

/** The first line of a text, cut with a mark. */
export function brief(text: string, max = 200): string {
  const line = (text.trim().split("\n", 1)[0] ?? "").trim();
  return line.length > max ? `${line.slice(0, max - 1)}…` : line;
}

/** The name of the tool with which the agent asks the person at the keyboard. */
export const ASK = "AskUserQuestion";

/** The name of the tool with which the agent puts its plan before that person. */
export const PLAN = "ExitPlanMode";

/** The questions of a call, as one text. */
export const questions = (input: Json): string =>
  list(input.questions)
    .map((question) => string(record(question).question) ?? "")
    .filter(Boolean)
    .join("\n");

/** The answers, as one text. */
export function answers(given: unknown): string {
  if (!isRecord(given)) return "";
  return Object.values(given)
    .map((answer) => (typeof answer === "string" ? answer : JSON.stringify(answer)))
    .join("\n");
}
