import { expect, test } from "bun:test";
import { readLines } from "./recordings.ts";

let count = 0;
const line = (more: Record<string, unknown>) =>
  JSON.stringify({
    type: "user",
    uuid: `u${count++}`,
    sessionId: "s",
    timestamp: "2026-11-20T10:00:00.000Z",
    cwd: "/home/dev/project",
    gitBranch: "main",
    message: { role: "user", content: "hello" },
    ...more,
  });

const told = (...lines: string[]) =>
  readLines(lines).map(({ kind, body }) => [kind, body.branch ?? body.to, body.cwd]);

test("E7: a session says once where it is, and again when that is another branch or directory", () => {
  expect(
    told(
      line({}),
      line({}),
      line({ gitBranch: "feat/login" }),
      line({ cwd: "/home/dev/project/sub", gitBranch: "feat/login" }),
      line({ gitBranch: "main", cwd: "/home/dev/project/sub" }),
    ),
  ).toEqual([
    ["user.message", "main", "/home/dev/project"],
    ["user.message", undefined, undefined],
    ["notice", "feat/login", undefined],
    ["user.message", "feat/login", undefined],
    ["user.message", undefined, "/home/dev/project/sub"],
    ["notice", "main", undefined],
    ["user.message", "main", undefined],
  ]);
});

test("E7: outside a repository there is no branch, and a moment without one changes nothing", () => {
  expect(told(line({ gitBranch: "HEAD" }), line({ gitBranch: "" }), line({}))).toEqual([
    ["user.message", undefined, "/home/dev/project"],
    ["user.message", undefined, undefined],
    ["user.message", "main", undefined],
  ]);
  expect(told(line({}), line({ gitBranch: "HEAD" }), line({})).length).toBe(3);
});

test("E7: where a subagent works is not where its session is", () => {
  const inside = { isSidechain: true, cwd: "/elsewhere", gitBranch: "other" };
  expect(told(line({}), line(inside), line({})).slice(1)).toEqual([
    ["user.message", undefined, undefined],
    ["user.message", undefined, undefined],
  ]);
});

test("A6: a line without news waits with its place for the next event", () => {
  const silent = line({ isMeta: true, gitBranch: "feat/login" });
  expect(told(silent, line({ gitBranch: "feat/login" }))).toEqual([
    ["user.message", "feat/login", "/home/dev/project"],
  ]);
});
