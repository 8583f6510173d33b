import { describe, expect, test } from "bun:test";
import type { Memory } from "../../src/agents/agent.ts";
import { claude } from "../../src/agents/claude/index.ts";
import {
  check,
  hook,
  lines,
  payloads,
  people,
  readLines,
  scenarios,
  transcripts,
} from "./recordings.ts";

/** Whatever a field may turn into. */
const WRONG: unknown[] = [
  null,
  true,
  42,
  "",
  "text",
  "\u0000\ud800",
  [],
  [[]],
  [null],
  {},
  { a: {} },
];

/** The same object with one field changed, for every field down to `depth`. */
function* spoilt(value: Record<string, unknown>, depth = 2): Generator<Record<string, unknown>> {
  for (const [key, inner] of Object.entries(value)) {
    for (const wrong of WRONG) yield { ...value, [key]: wrong };
    if (depth > 0 && typeof inner === "object" && inner !== null && !Array.isArray(inner)) {
      for (const deeper of spoilt({ ...inner }, depth - 1)) yield { ...value, [key]: deeper };
    }
  }
}

/** One line of each shape that was recorded. */
function shapes(): string[] {
  const found = new Map<string, string>();
  for (const line of transcripts().flatMap(lines)) {
    const parsed = JSON.parse(line);
    const shape = [
      parsed.type,
      parsed.subtype,
      parsed.attachment?.type,
      Object.keys(parsed),
    ].join();
    if (!found.has(shape)) found.set(shape, line);
  }
  return [...found.values()];
}

describe("a transcript line nobody expected (A6)", () => {
  test.each([
    ["not JSON", "rm -rf /"],
    ["half a line", '{"type":"user","message":{"content":"hel'],
    ["two objects", '{"type":"user"}{"type":"user"}'],
    ["an array", "[1,2]"],
    ["a number", "42"],
    ["an unknown type", '{"type":"telepathy","thought":"hi","sessionId":"s"}'],
    ["no type", '{"sessionId":"s"}'],
    ["a type named like a method", '{"type":"constructor"}'],
    ["a type of another type", '{"type":{"a":1}}'],
    ["an unknown subtype", '{"type":"system","subtype":"dream","content":"x"}'],
    ["an unknown attachment", '{"type":"attachment","attachment":{"type":"smell"}}'],
    ["no attachment", '{"type":"attachment"}'],
    ["a prompt without content", '{"type":"user","message":{}}'],
    ["an answer without content", '{"type":"assistant","message":{"content":7}}'],
    ["an unknown block", '{"type":"assistant","message":{"content":[{"type":"hologram"}]}}'],
    ["a block that is none", '{"type":"assistant","message":{"content":[3]}}'],
    [
      "a thousand levels",
      `{"type":"user","message":{"content":${"[".repeat(1000)}${"]".repeat(1000)}}}`,
    ],
    [
      "a call a thousand levels deep",
      `{"type":"assistant","message":{"content":[{"type":"tool_use","id":"t","name":"X","input":{"a":${"[".repeat(1000)}${"]".repeat(1000)}}}]}}`,
    ],
    ["a million levels", `{"type":"user","x":${"[".repeat(1e6)}`],
    ["NUL characters within", '{"type":"us\u0000er"}'],
  ])("%s becomes one event that holds it as it came", (_, line) => {
    const [event, ...more] = readLines([line]);
    expect(more).toEqual([]);
    expect(event?.kind).toBe("other");
    expect(event?.raw).toBe(line);
    check(JSON.parse(JSON.stringify(event)));
  });

  test.each(["", "   ", "\r", "\u0000\u0000"])("an empty line %p is nothing", (line) => {
    expect(readLines([line])).toEqual([]);
  });

  test("a crash leaves NUL characters before the next line, which is read all the same", () => {
    const [event] = readLines([`\u0000\u0000{"type":"user","message":{"content":"hi"}}`]);
    expect(event?.text).toBe("hi");
  });

  test("an unknown field of a known line is kept beside it", () => {
    const [line] = lines("print-continue.jsonl").filter((text) => text.includes('"promptSource"'));
    const [event] = readLines([JSON.stringify({ ...JSON.parse(line ?? ""), mood: "sunny" })]);
    expect(event?.kind).toBe("user.message");
    expect(event?.body.extra).toEqual({ mood: "sunny" });
  });

  test("a known field of another type is kept beside it, and costs nothing else", () => {
    const [line] = lines("print-continue.jsonl").filter((text) => text.includes('"promptSource"'));
    const [event] = readLines([JSON.stringify({ ...JSON.parse(line ?? ""), version: 3 })]);
    expect(event?.text).toBe("Say hello");
    expect(event?.body.extra).toEqual({ version: 3 });
  });

  test("every field of every kind of line may be of any type", () => {
    let read = 0;
    for (const line of shapes()) {
      for (const changed of spoilt(JSON.parse(line))) {
        for (const event of readLines([JSON.stringify(changed)])) check(event);
        read++;
      }
    }
    expect(read).toBeGreaterThan(10_000);
  });

  test("a memory of any type is no obstacle", () => {
    const keys = [
      "turn",
      "at",
      "version",
      "session",
      "counted",
      "calls",
      "title",
      "titles",
      "untold",
    ];
    const texts = lines("tui-main.jsonl").slice(0, 60);
    for (const key of keys) {
      for (const wrong of WRONG) {
        const memory: Memory = { [key]: wrong };
        for (const text of texts)
          for (const event of claude.readLine(text, people, memory)) check(event);
      }
    }
  });

  test("NUL and lone surrogates pass, in every text", () => {
    const odd = "a\u0000b\ud800c\udfff";
    const line = JSON.stringify({
      type: "user",
      uuid: odd,
      promptId: odd,
      message: { content: odd },
    });
    const [event] = readLines([line]);
    expect(event?.text).toBe(odd);
    check(JSON.parse(JSON.stringify(event)));
  });

  test("a result of 10 MB is kept whole, in a moment", () => {
    const output = "x".repeat(10 * 1024 * 1024);
    const block = { type: "tool_result", tool_use_id: "t1", content: output };
    const started = performance.now();
    const [event] = readLines([
      JSON.stringify({
        type: "user",
        uuid: "u1",
        message: { content: [block] },
        toolUseResult: { stdout: output, stderr: "" },
      }),
    ]);
    expect(performance.now() - started).toBeLessThan(1000);
    expect(event?.body.output).toBe(output);
    expect(event?.body.structured).toBeUndefined();
    expect(event?.text?.length).toBeLessThan(250);
  });

  test("an image is kept as a reference, never as its bytes", () => {
    const source = { type: "base64", media_type: "image/png", data: "A".repeat(4000) };
    const content = [
      { type: "text", text: "Look" },
      { type: "image", source },
    ];
    const [event] = readLines([JSON.stringify({ type: "user", uuid: "u", message: { content } })]);
    expect(event?.text).toBe("Look");
    expect(event?.body.images).toEqual([{ type: "image", mediaType: "image/png", bytes: 3000 }]);
    expect(JSON.stringify(event)).not.toContain("AAAA");
  });

  test("an image that a command printed is not kept as text", () => {
    const data = "A".repeat(4000);
    const source = { type: "base64", media_type: "image/png", data };
    const block = { type: "tool_result", tool_use_id: "t", content: [{ type: "image", source }] };
    const toolUseResult = { stdout: data, isImage: true };
    const [event] = readLines([
      JSON.stringify({ type: "user", uuid: "u", message: { content: [block] }, toolUseResult }),
    ]);
    expect(event?.body.output).toEqual([{ type: "image", mediaType: "image/png", bytes: 3000 }]);
    expect(JSON.stringify(event)).not.toContain("AAAA");
  });

  test("a notice full of tags that never end is read in a moment", () => {
    const content = `<task-notification>${"<a <result>".repeat(100_000)}`;
    const started = performance.now();
    const [event] = readLines([JSON.stringify({ type: "user", uuid: "u", message: { content } })]);
    expect(performance.now() - started).toBeLessThan(1000);
    expect(event?.body.origin).toBe("system");
  });

  test.each([
    ["[Request interrupted by user] is what I saw"],
    ["Why do I see <command-name>/clear</command-name> in my files?"],
    ["What is <bash-input>?"],
  ])("a person may quote the agent's own marks: %s", (content) => {
    const line = { type: "user", uuid: "u", promptSource: "typed", message: { content } };
    const [event] = readLines([JSON.stringify(line)]);
    expect([event?.kind, event?.text, event?.sender]).toEqual([
      "user.message",
      content,
      "user:manu",
    ]);
  });

  test.each(["2026-13-45T99:00:00Z", "+275760-09-13T00:00:00Z", "yesterday", 1795193058625, null])(
    "the time %p is not believed: the line stands at the last known one",
    (timestamp) => {
      const memory: Memory = { at: "2026-11-20T16:00:00.000Z" };
      const line = JSON.stringify({ type: "user", timestamp, message: { content: "hi" } });
      expect(claude.readLine(line, people, memory)[0]?.at).toBe("2026-11-20T16:00:00.000Z");
    },
  );
});

describe("a hook payload nobody expected (A6, A8)", () => {
  test.each([
    ["nothing", ""],
    ["not JSON", "hello"],
    ["two objects", '{"session_id":"s"}{"session_id":"s"}'],
    ["an array", "[]"],
    ["no session", '{"hook_event_name":"Stop"}'],
    ["a session of another type", '{"session_id":5,"hook_event_name":"Stop"}'],
    ["a name of another type", '{"session_id":"s","hook_event_name":["Stop"]}'],
    ["a replacement character", '{"session_id":"s","hook_event_name":"Stop","x":"\ufffd'],
    ["a million levels", "[".repeat(1e6)],
  ])("%s becomes one fact that holds it as it came", (_, payload) => {
    const { name, agentSession, facts } = hook(payload);
    expect([name, agentSession, facts.length]).toEqual(["", "", 1]);
    expect(facts[0]?.event).toMatchObject({ kind: "other", raw: payload });
  });

  test.each([
    ["an unknown event", { hook_event_name: "MindRead" }],
    ["an event named like a method", { hook_event_name: "toString" }],
    ["a prompt that is none", { hook_event_name: "UserPromptSubmit", prompt: 42 }],
    ["a tool without a name", { hook_event_name: "PreToolUse", tool_input: {} }],
  ])("%s is kept raw, for its session", (_, fields) => {
    const payload = JSON.stringify({ session_id: "s", ...fields });
    const { agentSession, facts } = hook(payload);
    expect(agentSession).toBe("s");
    expect(facts.map(({ event }) => event.raw)).toEqual([payload]);
  });

  test("an unknown field is kept beside what is known", () => {
    const [payload] = payloads("tui-notification-idle");
    const { facts } = hook(JSON.stringify({ ...JSON.parse(payload ?? ""), urgency: 9 }));
    expect(facts[0]?.event.body).toMatchObject({ kind: "idle_prompt", extra: { urgency: 9 } });
  });

  test("every field of every recorded payload may be of any type", () => {
    let read = 0;
    const seen = new Set<string>();
    for (const payload of scenarios().flatMap(payloads)) {
      const parsed = JSON.parse(payload);
      const shape = `${parsed.hook_event_name} ${parsed.tool_name} ${Object.keys(parsed)}`;
      if (seen.has(shape)) continue;
      seen.add(shape);
      for (const changed of spoilt(parsed)) {
        for (const { event } of hook(JSON.stringify(changed)).facts) check(event);
        read++;
      }
    }
    expect(read).toBeGreaterThan(3000);
  });
});
