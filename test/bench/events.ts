import { uuid7 } from "../../src/lib/uuid.ts";
import { code, type Random, size } from "./text.ts";

/** Events as the recorder sends them: mostly tool calls and their results; mean 1.7 KB, the largest 120 KB. */
export function eventOf(next: Random, n: number): Record<string, unknown> {
  const base = {
    id: uuid7(),
    at: new Date(Date.UTC(2026, 10, 20) + n * 700).toISOString(),
    turn: `turn-${Math.floor(n / 20)}`,
    source: { agent: "claude-code", version: "2.1.329", translator: 1, via: "transcript" },
  };
  const agent = { ...base, sender: "agent:claude" };
  const callId = `toolu_${n.toString(36).padStart(20, "0")}`;
  const kind = next();
  if (kind < 0.4) {
    const path = `/home/manu/shop/src/${code(next, 8).trim().replaceAll(/\W+/g, "-")}.ts`;
    const edit = {
      file_path: path,
      old_string: code(next, size(next, 250, 0.9, 8e3)),
      new_string: code(next, size(next, 350, 0.9, 8e3)),
    };
    const shell = { command: code(next, size(next, 80, 0.8, 2e3)), description: "Run the tests" };
    const isEdit = next() < 0.5;
    return {
      ...agent,
      kind: "tool.call",
      text: isEdit ? path : shell.command,
      body: {
        callId,
        name: isEdit ? "Edit" : "Bash",
        kind: isEdit ? "edit" : "execute",
        input: isEdit ? edit : shell,
      },
    };
  }
  if (kind < 0.8) {
    const output = code(next, size(next, 900, 1.4, 120e3));
    return { ...agent, kind: "tool.result", body: { callId, status: "completed", output } };
  }
  if (kind < 0.85) {
    const text = code(next, size(next, 200, 1, 10e3));
    return { ...base, sender: "user:manu", kind: "user.message", text, body: { origin: "user" } };
  }
  if (kind < 0.93) {
    const text = code(next, size(next, 600, 0.9, 20e3));
    return {
      ...agent,
      kind: "agent.message",
      text,
      body: { model: "claude-opus-4-1", messageId: `msg_${n}` },
    };
  }
  if (kind < 0.98) {
    const body = {
      model: "claude-opus-4-1",
      inputTokens: 1200,
      outputTokens: 340,
      cacheReadTokens: 81_000,
    };
    return { ...agent, kind: "usage", body };
  }
  return { ...agent, kind: "turn.end", body: { reason: "end_turn" } };
}

/** One machine that records one session: bodies of POST /ingest, ready to be sent. */
export function machine(project: string, name: string) {
  const id = crypto.randomUUID();
  const session = uuid7();
  let pos = 0;
  const head = JSON.stringify({
    machine: { id, name: "laptop" },
    sessions: [{ id: session, project, name, agent: "agent:claude", driver: "user:manu" }],
  });
  return {
    session,
    batch(next: Random, count: number): string {
      const lines = [head];
      for (let n = 0; n < count; n++) {
        pos++;
        lines.push(JSON.stringify({ session, pos, ...eventOf(next, pos) }));
      }
      return lines.join("\n");
    },
  };
}
