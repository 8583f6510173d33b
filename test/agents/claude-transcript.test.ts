import { describe, expect, test } from "bun:test";
import { claude } from "../../src/agents/claude/index.ts";
import type { Event } from "../../src/wire/event.ts";
import { check, lines, people, read, readLines, story, transcripts } from "./recordings.ts";
import { STORIES } from "./stories.ts";

const ofKind = (events: Event[], kind: string) => events.filter((event) => event.kind === kind);
const one = (events: Event[], kind: string, text: string) => {
  const found = ofKind(events, kind).find((event) => event.text?.includes(text));
  if (!found) throw new Error(`no ${kind} with ${text}`);
  return found;
};

describe("a transcript of Claude Code 2.1.329", () => {
  test.each(transcripts())("%s is read whole: nothing strange, nothing unread (A1, A6)", (name) => {
    const events = read(name).map(check);
    expect(ofKind(events, "other")).toEqual([]);
    expect(events.filter((event) => event.body.extra !== undefined)).toEqual([]);
    expect(new Set(events.map((event) => event.id)).size).toBe(events.length);
    expect(events.every((event) => event.source.version === "2.1.329")).toBe(true);
    expect(events.every((event) => /^2026-11-2[01]T/.test(event.at))).toBe(true);
  });

  test.each(transcripts())("%s tells who did what, in order (A2, A4)", (name) => {
    expect(story(read(name))).toEqual(STORIES[name] ?? []);
  });

  test("every recorded transcript has its story", () => {
    expect(Object.keys(STORIES).sort()).toEqual(transcripts());
  });

  test.each(transcripts())("%s read twice gives the same events", (name) => {
    expect(read(name)).toEqual(read(name));
  });

  test.each(transcripts())("%s leaves a small memory", (name) => {
    const memory = {};
    for (const line of lines(name)) claude.readLine(line, people, memory);
    const size = JSON.stringify(memory).length;
    expect(size).toBeGreaterThan(100);
    expect(size).toBeLessThan(2500);
  });
});

describe("what a session's transcript says", () => {
  test("tokens are counted once per message of the model (A5)", () => {
    const usage = ofKind(read("print-tools.jsonl"), "usage").filter(
      (event) => event.body.messageId,
    );
    expect(usage.length).toBe(5);
    expect(usage[0]?.body).toMatchObject({ model: "claude-opus-5-5", cacheReadTokens: 0 });
    expect(new Set(usage.map((event) => event.body.messageId)).size).toBe(5);
  });

  test("the cost at the end is a total, with each model's part, and told once (A5)", () => {
    const totals = ofKind(read("tui-notification-idle.jsonl"), "usage").filter((e) => e.body.total);
    expect(totals.length).toBe(1);
    expect(totals[0]?.body.costUsd).toBeCloseTo(0.012956);
    expect(totals[0]?.body.models).toMatchObject([{ model: "claude-opus-5-5", outputTokens: 35 }]);
  });

  test("an edit keeps its patch and drops the copies of the file (E4)", () => {
    const results = ofKind(read("print-tools.jsonl"), "tool.result");
    const edit = results.find((event) => event.body.name === "Edit");
    const patch = JSON.stringify(edit?.body.structured);
    expect(patch).toStartWith('{"structuredPatch":[{"oldStart":1,');
    expect(patch).toMatch(/"-export const greet = .+Hello.+","\+export const greet = .+Hi.+"/);
    expect(patch).not.toContain("originalFile");
  });

  test("an output repeated in the structured result is kept once", () => {
    const [bash] = ofKind(read("print-tools.jsonl"), "tool.result").filter(
      (event) => event.body.name === "Bash",
    );
    expect(bash?.body.output).toBe("1");
    expect(bash?.body.structured).toBeUndefined();
  });

  test("what a subagent cost stays with its result", () => {
    const [agent] = ofKind(read("print-subagent-foreground.jsonl"), "tool.result");
    expect(agent?.body.durationMs).toBe(337);
    expect(agent?.body.structured).toMatchObject({
      status: "completed",
      agentId: "a0a83b979321a02e4",
      totalTokens: 2890,
    });
    expect(JSON.stringify(agent?.body.structured)).not.toContain("SUBTASK");
  });

  test("an output too large for the model is kept as far as the client printed it (A6)", () => {
    const [huge, control] = ofKind(read("print-huge-and-control.jsonl"), "tool.result");
    expect(String(huge?.body.output)).toStartWith("<persisted-output>");
    const kept = JSON.stringify(huge?.body.structured);
    expect(kept).toStartWith('{"stdout":"1\\n2\\n3\\n');
    expect(kept).toContain('"persistedOutputSize":348894');
    expect(kept.length).toBeGreaterThan(30_000);
    expect(control?.body.output).toBe("a\u0000b\u001b[31mred\u001b[0m");
  });

  test("who decided, and with which words", () => {
    const decisions = ofKind(read("tui-main.jsonl"), "permission.decision").map(({ body }) => body);
    expect(decisions).toMatchObject([
      { decision: "accept", by: "user", scope: "once", name: "Bash" },
      { decision: "reject", by: "user", source: "user-rejected" },
      { decision: "reject", by: "user", feedback: "keep it, we need it" },
      { decision: "accept", by: "user", feedback: "and list it afterwards" },
    ]);
  });

  test("a call allowed by a rule or by the mode says so in its result, without an event", () => {
    const results = ofKind(read("print-tools.jsonl"), "tool.result");
    expect(results.map((event) => event.body.allowed)).toEqual([
      "mode",
      "rule",
      "rule",
      "mode",
      "mode",
    ]);
    expect(ofKind(read("print-tools.jsonl"), "permission.decision")).toEqual([]);
  });

  test("an interruption ends the turn it interrupted, with the answer up to there", () => {
    const events = read("tui-main.jsonl");
    const [stopped] = ofKind(events, "turn.end");
    const aborted = events.find((event) => event.body.aborted);
    expect(stopped?.turn).toBe(aborted?.turn ?? "");
    expect(stopped?.body.messageId).toBe(aborted?.body.messageId);
    expect(aborted?.text).toEndWith("The");
  });

  test("a hook of somebody's settings that decides is told as the one who decided", () => {
    const events = read("print-hooks-and-files.jsonl");
    const decisions = ofKind(events, "permission.decision").map(({ body }) => body);
    expect(decisions).toMatchObject([
      { decision: "reject", by: "hook" },
      { decision: "accept", by: "hook" },
      { decision: "accept", by: "hook" },
    ]);
  });

  test.each([
    [{ type: "async_hook_response", hookName: "Stop", exitCode: 1, stdout: "", stderr: "" }, []],
    [{ type: "async_hook_response", hookName: "Stop", exitCode: 1, stderr: "boom" }, ["boom"]],
    [{ type: "hook_success", hookName: "Stop", content: "" }, []],
    [{ type: "hook_cancelled", hookName: "PreToolUse:Bash" }, ["PreToolUse:Bash: cancelled"]],
    [{ type: "hook_blocking_error", hookEvent: "Stop", blockingError: "said again later" }, []],
  ])("a hook that ran is told when it said something: %p", (attachment, said) => {
    const line = JSON.stringify({ type: "attachment", uuid: "u", attachment });
    expect(readLines([line]).map((event) => event.text ?? "")).toEqual(said);
  });

  test("a file that a prompt names is told by its name, without its content", () => {
    const notices = ofKind(read("print-hooks-and-files.jsonl"), "notice");
    expect(notices[0]?.body).toEqual({
      kind: "attached",
      type: "file",
      path: "/home/dev/project/a.txt",
    });
    expect(JSON.stringify(notices[0])).not.toContain("hello");
  });

  test("a picture that the agent looked at is kept as a reference", () => {
    const [, picture] = ofKind(read("print-hooks-and-files.jsonl"), "tool.result");
    expect(picture?.body.output).toEqual([{ type: "image", mediaType: "image/png", bytes: 75 }]);
    expect(JSON.stringify(picture)).not.toContain("iVBOR");
  });

  test("a command typed to an installed skill is the person's prompt", () => {
    const [prompt] = ofKind(read("print-skill.jsonl"), "user.message");
    expect(prompt?.body).toMatchObject({ origin: "user", command: "/polaris" });
    expect(prompt?.text).toStartWith("/polaris status");
  });

  test("a person's title stands against the agent's own, and each is told once", () => {
    const title = (type: string, key: string, text: string) =>
      JSON.stringify({ type, [key]: text, sessionId: "s" });
    const events = readLines(
      [
        title("ai-title", "aiTitle", "Fix login"),
        title("ai-title", "aiTitle", "Fix login"),
        title("custom-title", "customTitle", "auth work"),
        title("agent-name", "agentName", "auth work"),
        title("ai-title", "aiTitle", "Fix login"),
        title("custom-title", "customTitle", "Fix login"),
      ],
      people,
      { at: "2026-11-20T16:00:00.000Z" },
    );
    expect(story(events)).toEqual([
      "session.title: Fix login",
      "session.title: auth work",
      "session.title: Fix login",
    ]);
    expect(new Set(events.map((event) => event.id)).size).toBe(3);
  });

  test("the pull request of a session is told once (E7)", () => {
    const line = { type: "pr-link", sessionId: "s", prNumber: 7, prUrl: "https://x.test/7" };
    const at = (timestamp: string) => JSON.stringify({ ...line, timestamp });
    const [notice, ...more] = readLines([at("2026-11-20T16:00:00Z"), at("2026-11-20T17:00:00Z")]);
    expect(notice?.body).toMatchObject({ kind: "pull_request", number: 7 });
    expect(more).toEqual([]);
  });

  test("advice keeps the id it was sent with (C4)", () => {
    const inbox = one(read("tui-compact-inbox-subagent.jsonl"), "user.message", "RS256");
    expect(inbox.body.from).toMatchObject({ kind: "peer", id: "polaris:m_41" });
    const channel = one(read("channel.jsonl"), "user.message", "GDPR");
    expect(channel.body.from).toMatchObject({ kind: "channel", id: "m_42" });
    expect(channel.sender).toBe("slack:priya");
  });

  test("a background agent's notice names its call and what it found", () => {
    const notice = one(read("print-subagent-background.jsonl"), "user.message", "finished");
    expect(notice.text).toBe('Agent "Count files" finished\nThere are 2 files.');
    expect(notice.body.from).toMatchObject({
      kind: "task-notification",
      callId: "toolu_fake00000bmwp7f4b2",
      status: "completed",
    });
  });

  test("a subagent's events name it; the session's own do not", () => {
    const inside = read("print-subagent-foreground.subagents/agent-a0a83b979321a02e4.jsonl");
    expect(new Set(inside.map((event) => event.parent))).toEqual(new Set(["a0a83b979321a02e4"]));
    const outside = read("print-subagent-foreground.jsonl");
    expect(new Set(outside.map((event) => event.parent))).toEqual(new Set([undefined]));
  });

  test("the copied lines of a forked session keep their ids", () => {
    const old = read("print-continue.jsonl").filter((event) => !event.body.total);
    const forked = read("print-resume-fork.jsonl");
    const ids = new Set(forked.map((event) => event.id));
    expect(old.length).toBe(7);
    expect(old.filter((event) => !ids.has(event.id))).toEqual([]);
    const added = forked.filter((event) => !old.some((known) => known.id === event.id));
    expect(story(added)).toEqual(["user:manu [user]: And again", "agent: Hello again."]);
  });

  test("tool calls and tokens of a fork's past keep their ids too", () => {
    const past = lines("print-tools.jsonl");
    const forked = past.map((text) => {
      const line = JSON.parse(text);
      const made = line.type === "assistant" ? { requestSessionId: line.sessionId } : {};
      return JSON.stringify({
        ...line,
        ...made,
        sessionId: "5e7e3f0c-0000-4000-8000-000000000000",
      });
    });
    const ids = (texts: string[]) =>
      readLines(texts)
        .filter((event) => !event.body.total)
        .map((event) => event.id);
    expect(ids(forked)).toEqual(ids(past));
  });

  test("a subagent's file is its own, whatever its lines say", () => {
    const texts = lines("print-setup-init.jsonl");
    expect(readLines(texts, people, { subagent: "a1" }).every((e) => e.parent === "a1")).toBe(true);
  });

  test("without a driver the seat's prompts are nobody's, and advice stays its advisor's", () => {
    const events = read("channel.jsonl", { driver: null, agent: "agent:dean" });
    expect(one(events, "user.message", "Touch the marker").sender).toBe("user:unknown");
    expect(one(events, "user.message", "RS256").sender).toBe("slack:krishna");
    expect(one(events, "agent.message", "marker is there").sender).toBe("agent:dean");
  });

  test("requests with system prompts are never kept, not even broken ones", () => {
    const secret = '{"type":"api-request","body":{"system":"vendor text"';
    const others = ['{"type":"api-request-new","x":1}', '{"x":1,"type":"api-request-blob"}'];
    expect(readLines([secret, `${secret}}}`, ...others])).toEqual([]);
  });
});
