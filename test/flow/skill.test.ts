import { expect } from "bun:test";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Page, Session } from "../../src/wire/session.ts";
import { type Step, startModel } from "../doubles/model.ts";
import { claudeTest } from "../helpers/claude.ts";
import { person } from "../helpers/people.ts";
import { startPolaris } from "../helpers/polaris.ts";
import { startRecorder } from "../helpers/recorder.ts";
import { seedHome, startTerminal } from "./terminal.ts";

/** What is typed behind `/polaris`, the row of the table that it means, and what the row stands for in it. */
const TYPED: [typed: string, row: string, says: string, ...filled: [string, string][]][] = [
  ["join site", "join <project>", "Recording into site/", ["<project>", "site"]],
  ["rename the queue", "rename <label>", "is now called", ["<label>", "the queue"]],
  ["pause", "pause", "Off the record: site/"],
  ["resume", "resume", "On the record"],
  ["status", "status`, or nothing", "Recorder"],
  ["handoff priya", "handoff <to>", "user:priya drives site/", ["<to>", "priya"]],
  ["disconnect", "disconnect", "No longer recorded."],
];

claudeTest(
  "G5: /polaris joins, renames, pauses, resumes, hands over, disconnects and tells how it stands, without the MCP server, and nobody is asked for leave",
  async () => {
    await using polaris = await startPolaris();
    await person(polaris.db, polaris.caller.org, "priya", "member");
    await using machine = await startRecorder(polaris);
    await machine.run("install", "--home", machine.home);
    const plugin = join(machine.home, ".claude/skills/polaris");
    rmSync(join(plugin, ".mcp.json"));
    const skill = readFileSync(join(plugin, "SKILL.md"), "utf8");
    const id = crypto.randomUUID();
    const commandOf = (row: string, filled: [string, string][]) => {
      const line = skill.split("\n").find((each) => each.includes(`| \`${row}`)) ?? "";
      const command = /\| `([^`]+)` +\|$/.exec(line)?.[1] ?? "";
      const full = command.replace(/\$\{CLAUDE_SESSION_ID\}/g, id);
      return filled.reduce((text, [name, value]) => text.replaceAll(name, value), full);
    };
    const steps = TYPED.map(([typed, row, , ...filled]): [string, Step[]] => [
      `The user typed: /polaris ${typed}`,
      [{ tool: "Bash", input: { command: commandOf(row, filled) } }, { text: `Told: ${typed}.` }],
    ]);
    await using model = startModel(Object.fromEntries(steps));
    const cwd = join(machine.folder, "work/site");
    mkdirSync(cwd, { recursive: true });
    seedHome(machine.home, cwd);
    await using terminal = startTerminal(machine, model, { cwd, args: ["--session-id", id] });
    await terminal.shows("manual mode on");
    for (const [typed, row, says, ...filled] of TYPED) {
      const before = model.asked.length;
      await terminal.say(`/polaris ${typed}`);
      await terminal.shows(`Told: ${typed}.`);
      const asked = model.asked.slice(before).findLast(({ step }) => step === 1);
      const results = JSON.parse(asked?.body ?? "{}").messages.flatMap(
        ({ content }: { content: string | { type: string }[] }) =>
          typeof content === "string" ? [] : content.filter(({ type }) => type === "tool_result"),
      );
      expect(JSON.stringify(results.at(-1))).toContain(says);
      // What the model read is the command as it is to be run.
      expect(asked?.body).toContain(JSON.stringify(commandOf(row, [])).slice(1, -1));
      expect(commandOf(row, filled)).toBeTruthy();
    }
    expect((await machine.status()).bindings).toEqual([]);
    await machine.drained();
    const { items } = await polaris.json<Page<Session>>("/projects/site/sessions");
    expect(items.map(({ label, driver }) => [label, driver])).toEqual([
      ["the queue", "user:priya"],
    ]);
  },
  120_000,
);
