import { uuid7 } from "../../src/lib/uuid.ts";
import { code, random, size } from "./text.ts";

/** Lines of Claude Code's transcript, shaped as the recordings of 2.1.329 in test/fixtures. */

const common = (session: string) => ({
  uuid: uuid7(),
  timestamp: new Date().toISOString(),
  userType: "external",
  entrypoint: "cli",
  cwd: "/home/manu/shop",
  sessionId: session,
  version: "2.1.329",
  gitBranch: "main",
});

const line = (value: object): string => `${JSON.stringify(value)}\n`;

function assistant(session: string, block: object): string {
  return line({
    parentUuid: uuid7(),
    isSidechain: false,
    message: {
      id: `msg_${uuid7()}`,
      type: "message",
      role: "assistant",
      model: "claude-opus-5-5",
      content: [block],
      stop_reason: "tool_use",
      stop_sequence: null,
      usage: {
        input_tokens: 2791,
        cache_creation_input_tokens: 812,
        cache_read_input_tokens: 81_220,
        output_tokens: 640,
        server_tool_use: { web_search_requests: 0, web_fetch_requests: 0 },
        service_tier: "standard",
        cache_creation: { ephemeral_1h_input_tokens: 0, ephemeral_5m_input_tokens: 812 },
        iterations: [],
        speed: "standard",
      },
      stop_details: null,
    },
    apiBlockIndex: 0,
    requestId: `req_${uuid7()}`,
    requestRef: uuid7(),
    requestedModel: "claude-opus-5-5",
    promptCacheRequested: "5m",
    type: "assistant",
    effort: "medium",
    perTurnEffort: "medium",
    madeBy: "model",
    ...common(session),
  });
}

export const assistantLine = (session: string, text: string): string =>
  assistant(session, { type: "text", text });

const callLine = (session: string, id: string, name: string, input: object): string =>
  assistant(session, { type: "tool_use", id, name, input });

function resultLine(session: string, id: string, content: string, toolUseResult: object): string {
  return line({
    parentUuid: uuid7(),
    isSidechain: false,
    promptId: uuid7(),
    type: "user",
    message: {
      role: "user",
      content: [{ tool_use_id: id, type: "tool_result", content, is_error: false }],
    },
    toolUseResult,
    sourceToolAssistantUUID: uuid7(),
    permissionDecision: { decision: "accept", source: "config", reasonType: "mode" },
    ...common(session),
  });
}

function promptLine(session: string, content: string): string {
  const position = { promptSource: "user", turnPosition: { promptIndex: 0, turnIndex: 1 } };
  const message = { role: "user", content };
  return line({
    parentUuid: uuid7(),
    promptId: uuid7(),
    type: "user",
    message,
    ...position,
    ...common(session),
  });
}

const noiseLine = (session: string): string =>
  line({
    type: "last-prompt",
    lastPrompt: "and now the tests",
    leafUuid: uuid7(),
    sessionId: session,
  });

/** A transcript of about so many bytes: prompts, answers, edits, commands and reads with their results. */
export function* session(id: string, bytes: number, seed = 17): Generator<string> {
  const next = random(seed);
  for (let written = 0, turn = 0; written < bytes; turn++) {
    const lines = [promptLine(id, code(next, size(next, 200, 1, 8e3)))];
    const calls = 4 + Math.floor(next() * 16);
    for (let n = 0; n < calls; n++) {
      const call = `toolu_${turn}_${n}`;
      if (next() < 0.4) lines.push(assistantLine(id, code(next, size(next, 300, 0.9, 8e3))));
      lines.push(...tool(id, call, next()));
      if (next() < 0.5) lines.push(noiseLine(id));
    }
    lines.push(assistantLine(id, code(next, size(next, 700, 0.8, 12e3))));
    for (const one of lines) {
      written += Buffer.byteLength(one);
      yield one;
    }
  }

  function tool(session: string, call: string, which: number): string[] {
    const filePath = `/home/manu/shop/src/${code(next, 8).replaceAll(/\W+/g, "-")}.ts`;
    if (which < 0.4) {
      const stdout = code(next, size(next, 600, 1.3, 30e3));
      const input = { command: code(next, size(next, 80, 0.7, 1e3)), description: "Run the tests" };
      const result = {
        stdout,
        stderr: "",
        interrupted: false,
        isImage: false,
        noOutputExpected: false,
      };
      return [callLine(session, call, "Bash", input), resultLine(session, call, stdout, result)];
    }
    if (which < 0.7) {
      const content = code(next, size(next, 3000, 0.9, 60e3));
      const result = {
        type: "text",
        file: { filePath, content, numLines: 80, startLine: 1, totalLines: 80 },
      };
      return [
        callLine(session, call, "Read", { file_path: filePath }),
        resultLine(session, call, content, result),
      ];
    }
    const [oldString, newString] = [
      code(next, size(next, 250, 0.9, 6e3)),
      code(next, size(next, 350, 0.9, 6e3)),
    ];
    const originalFile = code(next, size(next, 3000, 0.8, 40e3));
    const result = {
      filePath,
      oldString,
      newString,
      originalFile,
      structuredPatch: [],
      userModified: false,
    };
    return [
      callLine(session, call, "Edit", {
        file_path: filePath,
        old_string: oldString,
        new_string: newString,
      }),
      resultLine(session, call, `The file ${filePath} has been updated successfully.`, result),
    ];
  }
}
