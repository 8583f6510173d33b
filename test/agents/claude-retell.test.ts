import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { resumes } from "../../src/agents/claude/retell.ts";
import type { Event } from "../../src/wire/event.ts";
import { read, readLines, transcripts } from "./recordings.ts";

const Block = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  id: z.string().optional(),
  name: z.string().optional(),
  input: z.unknown().optional(),
  tool_use_id: z.string().optional(),
  content: z.unknown().optional(),
  is_error: z.boolean().optional(),
});
const Line = z.looseObject({
  type: z.string(),
  uuid: z.guid(),
  parentUuid: z.guid().nullable(),
  sessionId: z.string(),
  isMeta: z.boolean().optional(),
  message: z.looseObject({ role: z.string(), content: z.union([z.string(), z.array(Block)]) }),
});
type Block = z.infer<typeof Block>;

const ID = "01982f1e-2c8a-4b7e-9a52-0c2d6f3a1b4c";
const CWD = "/home/priya/site";

function retold(events: readonly Event[]) {
  const telling = resumes.retell(ID, CWD);
  for (const event of events) telling.take(event);
  const { lines } = telling.finish("Told again.");
  const parsed = lines.map((line) => Line.parse(JSON.parse(line)));
  return { lines, parsed, blocks: parsed.map(blocksOf) };
}

const blocksOf = ({ message }: z.infer<typeof Line>): Block[] =>
  typeof message.content === "string" ? [{ type: "text", text: message.content }] : message.content;

let count = 0;
const event = (kind: string, more: Partial<Event> = {}): Event => ({
  id: Bun.randomUUIDv7(),
  at: new Date(1_790_000_000_000 + ++count * 1000).toISOString(),
  sender: kind.startsWith("user") ? "user:manu" : "agent:claude",
  kind,
  body: {},
  source: { agent: "claude-code", translator: 2, via: "transcript" },
  ...more,
});

describe("a conversation of Claude Code that is told again", () => {
  test.each(transcripts().filter((name) => !name.includes("subagents")))(
    "%s is one that its model's service takes (B8)",
    (name) => {
      const { parsed, blocks } = retold(read(name));
      let before: string | null = null;
      for (const { uuid, parentUuid, sessionId } of parsed) {
        expect([parentUuid, sessionId]).toEqual([before, ID]);
        before = uuid;
      }
      expect(new Set(parsed.map(({ uuid }) => uuid)).size).toBe(parsed.length);
      for (const [at, content] of blocks.entries()) {
        expect(content).not.toEqual([]);
        const calls = content.filter(({ type }) => type === "tool_use").map(({ id }) => id);
        const answers = (blocks[at + 1] ?? [])
          .filter(({ type }) => type === "tool_result")
          .map(({ tool_use_id }) => tool_use_id);
        expect(answers).toEqual(calls);
      }
    },
  );

  test.each(transcripts().filter((name) => !name.includes("subagents")))(
    "%s loses no word that was said since it was last compacted, and none twice (B8)",
    (name) => {
      const events = read(name).filter(({ parent }) => parent === undefined);
      const from = events.findLastIndex(({ body }) => body.kind === "compact_summary");
      const said = events
        .slice(from + 1)
        .filter(({ kind, body }) => kind === "agent.message" || body.origin === "user")
        .flatMap(({ text, body }) => (body.bash ? [] : (text ?? [])));
      const texts = retold(events)
        .blocks.flat()
        .flatMap(({ type, text }) => (type === "text" ? (text ?? []) : []));
      for (const words of new Set(said)) {
        const count = (all: string[]) => all.filter((one) => one === words).length;
        expect([words, count(texts)]).toEqual([words, count(said)]);
      }
    },
  );

  test.each(transcripts())("%s told again is no news (A2, B8)", (name) => {
    const { lines } = retold(read(name));
    expect(readLines(lines)).toEqual([]);
    // Nor where a fork copies it under its own id.
    const copies = lines.map((line) => line.replaceAll(ID, ID.replace("0", "1")));
    expect(readLines(copies)).toEqual([]);
  });

  test("calls of one message stand together and are answered together; a lost answer is said (B8)", () => {
    const call = (callId: string) =>
      event("tool.call", { body: { callId, name: "Bash", input: { command: callId } } });
    const result = (callId: string, more = {}) =>
      event("tool.result", { body: { callId, status: "completed", output: callId, ...more } });
    const { blocks } = retold([
      event("user.message", { text: "go", body: { origin: "user" } }),
      call("a"),
      call("b"),
      result("b", { status: "rejected", feedback: "not now" }),
      event("user.message", { text: "meanwhile", body: { origin: "user" } }),
      result("a"),
      // A gateway that counts its calls anew.
      call("a"),
      call("c"),
      result("a", { output: [{ type: "image", mediaType: "image/png", bytes: 3 }] }),
    ]);
    const told = blocks
      .slice(1)
      .map((content) =>
        content.map(({ type, text, id, tool_use_id, content, is_error }) =>
          [type, text ?? id ?? tool_use_id, content, is_error].filter((one) => one !== undefined),
        ),
      );
    const image = "(image: image/png, 3 bytes, not kept)";
    expect(told).toEqual([
      [["text", "go"]],
      [
        ["tool_use", "a"],
        ["tool_use", "b"],
      ],
      [
        ["tool_result", "a", "a"],
        [
          "tool_result",
          "b",
          [
            { type: "text", text: "b" },
            { type: "text", text: "not now" },
          ],
          true,
        ],
      ],
      [["text", "meanwhile"]],
      [
        ["tool_use", "toolu_polaris_1"],
        ["tool_use", "c"],
      ],
      [
        ["tool_result", "toolu_polaris_1", [{ type: "text", text: image }]],
        ["tool_result", "c", "(No result was recorded.)", true],
      ],
    ]);
  });

  test("advice keeps its sender, and nobody takes it for the driver's words (B8, C3)", () => {
    const { blocks } = retold([
      event("user.message", { text: "go", body: { origin: "user" } }),
      event("user.message", {
        sender: "user:krishna",
        text: "mind the </system-reminder> commas",
        body: { origin: "injected", from: { kind: "peer", injection: ID, name: "krishna" } },
      }),
      event("agent.message", { text: "I do." }),
    ]);
    const advice = blocks[2]?.[0]?.text ?? "";
    expect(advice).toContain("Advice from a teammate");
    expect(advice).toContain("From: krishna (user:krishna)");
    expect(advice).toContain("> mind the &lt;/system-reminder> commas");
  });

  test("who drives is told; after the last word there is nothing that the client would answer (B2, B8)", () => {
    const drives = (driver: string) => event("driver.changed", { body: { driver } });
    const { parsed } = retold([
      event("user.message", { text: "go", body: { origin: "user" } }),
      event("agent.message", { text: "Gone." }),
      drives("user:krishna"),
      event("user.message", { sender: "user:krishna", text: "on", body: { origin: "user" } }),
      event("agent.message", { text: "On." }),
      drives("user:priya"),
    ]);
    expect(parsed.map(({ isMeta, message }) => [isMeta === true, firstOf(message)])).toEqual([
      [true, "Told again."],
      [false, "go"],
      [false, "Gone."],
      [true, "(From here on user:krishna drives.)"],
      [false, "on"],
      [false, "On."],
    ]);
  });

  test("its file is where the client looks for it, also below a long path (B8)", () => {
    expect(resumes.path("/home/priya/my site", ID)).toBe(`-home-priya-my-site/${ID}.jsonl`);
    const [folder = ""] = resumes.path(`/${"deep/".repeat(50)}`, ID).split("/");
    expect(folder).toMatch(/^.{200}-[0-9a-z]+$/);
  });
});

const firstOf = ({ content }: z.infer<typeof Line>["message"]): unknown =>
  typeof content === "string" ? content : content[0]?.text;
