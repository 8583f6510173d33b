import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { files } from "../../src/agents/claude/install.ts";
import { left } from "../../src/machine/left.ts";
import { paths } from "../../src/machine/paths.ts";
import { program, start, world } from "./program.ts";

const Hook = z.object({
  type: z.literal("command"),
  command: z.string(),
  args: z.array(z.string()).optional(),
  async: z.boolean().optional(),
  timeout: z.number(),
});
const Hooks = z.object({
  hooks: z.record(z.string(), z.array(z.object({ hooks: z.array(Hook) }))),
});

const folderOf = (home: string) => join(home, ".claude", "skills", "polaris");

function hooksOf(home: string) {
  const text = readFileSync(join(folderOf(home), "hooks/hooks.json"), "utf8");
  const { hooks } = Hooks.parse(JSON.parse(text));
  return new Map(
    Object.entries(hooks).map(([event, [entry]]) => [event, Hook.parse(entry?.hooks[0])]),
  );
}

const install = (here: ReturnType<typeof world>, ...args: string[]) =>
  start([...program, "install", "--home", here.home, ...args], here.env);

/** Starts a hook as Claude Code does: exec form without a shell, a plain command through one. */
const fire = (hook: z.infer<typeof Hook>, env: Record<string, string>) =>
  start(hook.args ? [hook.command, ...hook.args] : ["/bin/sh", "-c", hook.command], env, '{"x":1}');

describe("polaris install", () => {
  test("writes one folder, and of the settings the status line alone (G1)", async () => {
    using here = world();
    mkdirSync(join(here.home, ".claude"));
    writeFileSync(join(here.home, ".claude/settings.json"), '{"theme":  "dark"}');
    const ran = await install(here);
    expect(ran).toMatchObject({ code: 0, err: "" });
    expect(ran.out).toContain(folderOf(here.home));
    const settings = readFileSync(join(here.home, ".claude/settings.json"), "utf8");
    expect(settings).toMatch(/^\{"theme": {2}"dark","statusLine": ?\{.*statusline".*\}\}$/);
    expect(readdirSync(here.home).sort()).toEqual([".claude", ".polaris"]);
    expect(readdirSync(here.polarisHome)).toEqual(["install.json"]);
    const found = readdirSync(folderOf(here.home), { recursive: true, encoding: "utf8" })
      .filter((path) => statSync(join(folderOf(here.home), path)).isFile())
      .sort();
    expect(found).toEqual([
      ".claude-plugin/plugin.json",
      ".mcp.json",
      "SKILL.md",
      "hooks/hooks.json",
    ]);
  });

  test("a second time changes nothing; a changed file is put right", async () => {
    using here = world();
    await install(here);
    expect((await install(here)).out).toStartWith("Nothing to do");
    writeFileSync(join(folderOf(here.home), "SKILL.md"), "old");
    expect(JSON.parse((await install(here, "--json")).out)).toEqual({
      folder: folderOf(here.home),
      changed: ["SKILL.md"],
      statusLine: null,
      service: null,
      warnings: [],
    });
  });

  test("by default no hook runs on the path of a tool call (A8)", async () => {
    using here = world();
    await install(here);
    const hooks = hooksOf(here.home);
    expect([...hooks.keys()].sort()).toEqual([
      "CwdChanged",
      // Runs when the recorder rings it, and never by itself.
      "FileChanged",
      "Notification",
      "PermissionRequest",
      "SessionEnd",
      "SessionStart",
      "Stop",
      "StopFailure",
      "SubagentStart",
      "SubagentStop",
      "UserPromptSubmit",
    ]);
    const waited = [...hooks].filter(([, hook]) => hook.async !== true).map(([event]) => event);
    expect(waited.filter((event) => event !== "FileChanged").sort()).toEqual([
      "SessionEnd",
      "SessionStart",
      "Stop",
    ]);
  });

  test("--capture hooks installs those on the tool path too", async () => {
    using here = world();
    await install(here, "--capture", "hooks");
    const events = [...hooksOf(here.home).keys()];
    expect(events).toContain("PreToolUse");
    expect(events).toContain("PostToolBatch");
    expect(events.length).toBe(28);
  });

  test("every installed hook reaches the recorder's home as it was when installed", async () => {
    using here = world();
    const polarisHome = join(here.home, "it's elsewhere");
    const env = { ...here.env, POLARIS_HOME: polarisHome };
    await start([...program, "install", "--home", here.home], env);
    const { POLARIS_HOME: _, ...bare } = env;
    const hooks = [...hooksOf(here.home).values()];
    for (const hook of hooks)
      expect(await fire(hook, bare)).toMatchObject({ code: 0, out: "", err: "" });
    // What a bell was rung for is gone with the recorder that rang it.
    expect(left(paths(polarisHome))).toBe(hooks.length - 1);
  });

  test("the command is where MCP server and skill point to", async () => {
    using here = world();
    await install(here);
    const server = JSON.parse(readFileSync(join(folderOf(here.home), ".mcp.json"), "utf8"));
    expect(server).toEqual({
      mcpServers: { polaris: { command: program[0], args: [program[1], "mcp"] } },
    });
    const skill = readFileSync(join(folderOf(here.home), "SKILL.md"), "utf8");
    expect(skill).toContain(`${program.join(" ")} join --agent-session \${CLAUDE_SESSION_ID}`);
    expect(skill).not.toContain("{{");
  });

  test.each([
    [["--capture", "both"], 2],
    [["--what"], 2],
  ])("wrong use (%p) is told in one line", async (args, code) => {
    using here = world();
    const ran = await install(here, ...args);
    expect(ran).toMatchObject({ code, out: "" });
    expect(ran.err.trim().split("\n").length).toBe(1);
    expect(readdirSync(here.home)).toEqual([]);
  });

  test("a home that is not there is not made", async () => {
    using here = world();
    const ran = await start([...program, "install", "--home", join(here.home, "no")], here.env);
    expect(ran).toMatchObject({ code: 2, out: "" });
  });
});

describe("the installed files", () => {
  test("once the binary is gone, the hook that is waited for stays silent", async () => {
    const text = files({ command: ["/nowhere/polaris"], version: "1.2.3", capture: "tail" });
    const { hooks } = Hooks.parse(JSON.parse(text["hooks/hooks.json"] ?? ""));
    const [start] = hooks.SessionStart?.[0]?.hooks ?? [];
    expect(await fire(Hook.parse(start), { PATH: "/bin:/usr/bin" })).toMatchObject({
      code: 0,
      out: "",
      err: "",
    });
  });

  test("a path with spaces, quotes and dollars survives the shell", () => {
    const command = ["/opt/it's $HOME/po laris"];
    const made = files({ command, version: "1.2.3", capture: "tail" });
    expect(made["SKILL.md"]).toContain(`'/opt/it'\\''s $HOME/po laris' join --agent-session`);
  });

  test("the plugin carries the version it was made by", () => {
    const made = files({ command: ["/opt/polaris"], version: "1.2.3", capture: "tail" });
    expect(JSON.parse(made[".claude-plugin/plugin.json"] ?? "")).toMatchObject({
      name: "polaris",
      version: "1.2.3",
    });
  });
});
