import skill from "../../../skills/polaris/SKILL.md" with { type: "text" };
import { quoted } from "../../lib/shell.ts";
import { BELL } from "./advice.ts";

/**
 * - `tail`: the transcript is the record and hooks only say "now"; none of them is on the tool path, so that a tool
 *   call costs the agent nothing (a hook process costs it 12–35 ms each).
 * - `hooks`: everything through hooks, for the day the transcript's format changes.
 */
export type Capture = "tail" | "hooks";

export interface Program {
  /** What starts Polaris, absolute: `["/opt/polaris"]` or `["/opt/bun", "/src/main.ts"]`. */
  command: string[];
  /** Where the recorder keeps its things, when that is not `~/.polaris`. */
  polarisHome?: string;
}

export interface Installation extends Program {
  version: string;
  capture: Capture;
}

const TAIL = [
  "SessionStart",
  "SessionEnd",
  "UserPromptSubmit",
  "PermissionRequest",
  "Notification",
  "Stop",
  "StopFailure",
  "SubagentStart",
  "SubagentStop",
  "CwdChanged",
];

const HOOKS = [
  ...TAIL,
  "Setup",
  "UserPromptExpansion",
  "MessageDisplay",
  "PreToolUse",
  "PermissionDenied",
  "PostToolUse",
  "PostToolUseFailure",
  "PostToolBatch",
  "TaskCreated",
  "TaskCompleted",
  "TeammateIdle",
  "DirectoryAdded",
  "PreCompact",
  "PostCompact",
  "PostModelSwitch",
  "Elicitation",
  "ElicitationResult",
];

/**
 * The files of `~/.claude/skills/polaris/`, path to text. Claude Code loads the folder as a plugin: hooks, MCP server
 * and the command `/polaris`, without an edit of anyone's settings. Removing the folder uninstalls it.
 */
export function files(installation: Installation): Record<string, string> {
  const { version } = installation;
  const description = "Records this session and lets teammates follow and advise it.";
  return {
    ".claude-plugin/plugin.json": json({
      name: "polaris",
      version,
      description,
      author: { name: "Polaris" },
      license: "Apache-2.0",
    }),
    "hooks/hooks.json": json({ hooks: hooks(installation) }),
    ".mcp.json": json({ mcpServers: { polaris: server(installation) } }),
    // A function, because "$&" in a path would be a pattern in a replacement string.
    "SKILL.md": skill.replaceAll("{{polaris}}", () => shell(words(installation))),
  };
}

function hooks(installation: Installation) {
  const events = installation.capture === "hooks" ? HOOKS : TAIL;
  const [command, ...args] = [...calling(installation), "--bell"];
  const bell = { type: "command", command, args, asyncRewake: true, timeout: 10 };
  return {
    ...Object.fromEntries(events.map((event) => [event, [{ hooks: [hook(installation, event)] }]])),
    FileChanged: [{ matcher: BELL, hooks: [bell] }],
  };
}

const calling = (program: Program) => [...words(program), "hook", "--agent", "claude"];

/**
 * FileChanged is the bell: its hook starts when the recorder changes the one file that SessionStart told the session to
 * watch, and only then. It reaches sessions that have no inbox, or none that can be written to, also when they are idle
 * (2.1.329), and costs nothing on the tool path, where a PostToolBatch hook would be a process for every call.
 *
 * Those that the agent waits for: SessionStart, so that the session is bound before its first prompt, and Stop and
 * SessionEnd, because `claude -p` exits about 200 ms after Stop and kills hooks that still run: the end of the turn would
 * be lost. All of them stand beside the tool path. A waited-for hook whose binary is missing prints an error into every
 * session, so these go through a shell that swallows it (13 ms more).
 */
const WAITED = ["SessionStart", "Stop", "SessionEnd"];

/** Exec form and `async`: nothing waits, no shell starts, and a missing binary is silent. */
function hook(installation: Installation, event: string) {
  const [command, ...args] = calling(installation);
  if (!WAITED.includes(event)) return { type: "command", command, args, async: true, timeout: 5 };
  const quiet = `${line(installation, "hook", "--agent", "claude")} 2>/dev/null || true`;
  return { type: "command", command: quiet, timeout: 5 };
}

function server(installation: Installation) {
  const [command, ...args] = [...words(installation), "mcp"];
  return { command, args };
}

/** One command of Polaris as a line for a shell. */
export const line = (program: Program, ...args: string[]): string =>
  shell([...words(program), ...args]);

/** The home comes before the command, as an option of the whole program. */
function words({ command, polarisHome }: Program): string[] {
  return polarisHome ? [...command, "--polaris-home", polarisHome] : command;
}

/** One line for a shell; plain words stay plain, so that they match the permission in SKILL.md. */
const shell = (parts: string[]): string => parts.map(quoted).join(" ");

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
