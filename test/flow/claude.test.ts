import { expect } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { until } from "../../src/lib/until.ts";
import { INSTRUCTIONS } from "../../src/mcp/mcp.ts";
import type { StoredEvent } from "../../src/wire/event.ts";
import { type Asked, scripted, startModel } from "../doubles/model.ts";
import { launch, noBrowser } from "../helpers/browser.ts";
import { type Chain, startChain } from "../helpers/chain.ts";
import { claudeTest } from "../helpers/claude.ts";
import { installCounted, print } from "./client.ts";
import { conversation, openSession, signIn, toolBodies } from "./page.ts";

const LIMIT_MS = 120_000;

// promise: no-hook-per-tool
claudeTest(
  "A1, A4: a run of the real Claude Code is recorded whole, once, in order, and is read in the browser",
  async () => {
    await using chain = await startChain();
    await using model = startModel();
    const hooks = await installCounted(chain);
    const cwd = await chain.linked("site");
    const file = join(cwd, "greet.txt");
    const prompt = scripted("Write the greeting.", [
      { text: "I will write it.", tool: "Write", input: { file_path: file, content: "hello\n" } },
      { tool: "Bash", input: { command: "wc -l greet.txt", description: "Count lines" } },
      { text: "All **done**." },
    ]);
    const ran = await print(chain, model, { cwd, prompt });
    expect(ran).toMatchObject({ code: 0, out: "All **done**.\n", err: "" });
    await ended(chain, "site", 1);

    const events = await chain.log("site");
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => at + 1));
    const told = events.filter(({ kind }) => kind !== "usage");
    expect(told.map(({ kind, sender, text = "" }) => `${sender} ${kind} ${text}`)).toEqual([
      "agent:claude session.start ",
      `user:manu user.message ${prompt}`,
      "agent:claude agent.message I will write it.",
      `agent:claude tool.call ${file}`,
      expect.stringMatching(/^agent:claude tool.result File created successfully/),
      "agent:claude tool.call wc -l greet.txt",
      "agent:claude tool.result 1 greet.txt",
      "agent:claude agent.message All **done**.",
      "agent:claude turn.end ",
      "agent:claude session.end ",
    ]);
    const [write, wrote, count, counted] = told.filter(({ kind }) => kind.startsWith("tool."));
    expect(write?.body).toMatchObject({
      name: "Write",
      input: { file_path: file, content: "hello\n" },
    });
    expect(count?.body).toMatchObject({ name: "Bash", input: { command: "wc -l greet.txt" } });
    for (const [call, result] of [
      [write, wrote],
      [count, counted],
    ]) {
      expect(result?.body).toMatchObject({ callId: call?.body.callId, status: "completed" });
    }
    expect(new Set(told.slice(1, -1).map(({ turn }) => turn)).size).toBe(1);

    // Nothing of ours runs while the agent works: two tool calls and not one process for them.
    expect(hooks.counts()).toEqual({
      SessionStart: 1,
      UserPromptSubmit: 1,
      Stop: 1,
      SessionEnd: 1,
    });
    expect(injected(model.asked)).toEqual([]);

    const [token = ""] = hooks.tokens();
    expect(token.length).toBeGreaterThan(8);
    expect(filesWith(chain.place.home, token)).toEqual([]);
    expect(filesWith(chain.dataDir, token)).toEqual([]);
    expect((await whole(chain, "site", events)).join("\n")).not.toContain(token);

    if (noBrowser) return;
    await using browser = await launch();
    const page = await signIn(browser, chain);
    const [session] = await chain.sessions("site");
    await openSession(page, "site", session?.name ?? "");
    expect((await conversation(page)).filter((line) => !line.startsWith("system:"))).toEqual([
      `prompt: ${prompt}`,
      "answer: I will write it.",
      `Write: ${file}`,
      "Bash: wc -l greet.txt",
      "answer: All done.",
    ]);
    const [written = "", terminal = ""] = await toolBodies(page);
    expect(written).toContain("+ hello");
    expect(terminal).toMatch(/\$ wc -l greet\.txt\s+1 greet\.txt/);
  },
  LIMIT_MS,
);

claudeTest(
  "B7: two runs at once in two linked directories are two sessions, and nothing is mixed",
  async () => {
    await using chain = await startChain();
    await using model = startModel();
    await chain.polaris("install", "--home", chain.home);
    const runs = await Promise.all(
      ["site", "shop"].map(async (project) => {
        const cwd = await chain.linked(project);
        const command = `echo from ${project}`;
        const prompt = scripted(`Prompt of ${project}.`, [
          { text: `Words of ${project}.`, tool: "Bash", input: { command } },
          { text: `The answer of ${project}, a piece at a time.`, delayMs: 50 },
        ]);
        return { project, prompt, ran: await print(chain, model, { cwd, prompt }) };
      }),
    );
    for (const { project, prompt, ran } of runs) {
      // Of two clients in one home, one may look for its settings while the other puts them in place, and says so.
      const err = ran.err.replace(/\nClaude configuration file not found at:(?:.*\n)+?\n/g, "");
      expect({ ...ran, err }).toMatchObject({ code: 0, err: "" });
      await ended(chain, project, 1);
      expect(await texts(chain, project)).toEqual([
        prompt,
        `Words of ${project}.`,
        `echo from ${project}`,
        `from ${project}`,
        `The answer of ${project}, a piece at a time.`,
      ]);
    }
    const unlinked = join(chain.folder, "work");
    const prompt = scripted("Nobody's business.", [{ text: "Quite so." }]);
    expect(await print(chain, model, { cwd: unlinked, prompt })).toMatchObject({ code: 0 });
    await chain.drained();
    expect(filesWith(chain.place.home, "Nobody's business")).toEqual([]);
  },
  LIMIT_MS,
);

claudeTest(
  "B7: a continued run stays in its session; a fork is a session of its own without the old lines",
  async () => {
    await using chain = await startChain();
    await using model = startModel();
    await chain.polaris("install", "--home", chain.home);
    const cwd = await chain.linked("site");
    const say = async (words: string, ...args: string[]) => {
      const prompt = scripted(words, [{ text: `Answer to ${words}` }]);
      expect(await print(chain, model, { cwd, prompt, args })).toMatchObject({ code: 0, err: "" });
      return [prompt, `Answer to ${words}`];
    };
    const first = await say("one");
    await ended(chain, "site", 1);
    const second = await say("two", "--continue");
    await ended(chain, "site", 2);
    expect((await chain.sessions("site")).length).toBe(1);
    expect(await texts(chain, "site")).toEqual([...first, ...second]);

    const third = await say("three", "--continue", "--fork-session");
    await ended(chain, "site", 3);
    expect(await texts(chain, "site")).toEqual([...first, ...second, ...third]);
    const sessions = await chain.sessions("site");
    expect(sessions.map(({ prompts }) => prompts).sort()).toEqual([1, 2]);
    // The fork says whose it is, before its first own line.
    const fork = (await chain.log("site")).find(({ body }) => body.kind === "fork");
    const of = (prompts: number) => sessions.find((session) => session.prompts === prompts)?.id;
    expect(fork).toMatchObject({ session: of(1), body: { continues: of(2) } });
  },
  LIMIT_MS,
);

/** Resolves when the project has so many ends of sessions and nothing waits on the machine. */
async function ended(chain: Chain, project: string, ends: number): Promise<void> {
  await until(
    async () =>
      (await chain.log(project)).filter(({ kind }) => kind === "session.end").length === ends,
    { timeoutMs: 30_000, everyMs: 100, what: `end ${ends} of ${project}` },
  );
  await chain.drained();
}

const SPOKEN = new Set(["user.message", "agent.message", "tool.call", "tool.result"]);
const texts = async (chain: Chain, project: string): Promise<(string | undefined)[]> =>
  (await chain.log(project)).filter(({ kind }) => SPOKEN.has(kind)).map(({ text }) => text);

const Request = z.object({
  messages: z.array(z.object({ role: z.string(), content: z.unknown() })),
  system: z.unknown(),
});

/**
 * What of ours the model was given beyond what every MCP server declares of itself: its tools' names and its one line
 * of instructions. Paths of this test's own folder are not words.
 */
function injected(asked: Asked[]): string[] {
  const found: string[] = [];
  for (const { body } of asked) {
    const { messages, system } = Request.parse(JSON.parse(body));
    const words = JSON.stringify({ messages, system })
      .replaceAll(/mcp__plugin_polaris_polaris__\w+/g, "")
      .replaceAll("## plugin:polaris:polaris", "")
      .replaceAll(INSTRUCTIONS, "");
    found.push(...(words.match(/.{0,80}(?:polaris|hook (?:additional )?context).{0,80}/gi) ?? []));
  }
  return found;
}

/** Files below the folder that hold these bytes. */
function filesWith(folder: string, bytes: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .filter((path) => readFileSync(path).includes(bytes));
}

/** With the raw input, which lists leave out. */
const whole = (chain: Chain, project: string, events: StoredEvent[]): Promise<string[]> =>
  Promise.all(
    events.map(async ({ seq }) => {
      const headers = { authorization: `Bearer ${chain.token}` };
      const response = await fetch(`${chain.url}/projects/${project}/events/${seq}`, { headers });
      expect(response.status).toBe(200);
      return await response.text();
    }),
  );
