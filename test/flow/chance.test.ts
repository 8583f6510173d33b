import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { claude } from "../../src/agents/claude/index.ts";
import { until } from "../../src/lib/until.ts";
import { scripted } from "../doubles/model.ts";
import { claudeTest } from "../helpers/claude.ts";
import { startWorld, type World } from "./advising.ts";
import { type HomeName, hello } from "./states.ts";
import { startTerminal } from "./terminal.ts";
import { read, transcripts } from "./told.ts";

const INBOX = "mcp__plugin_polaris_polaris__polaris_inbox";
const TEXT = "Mind the gap";

/** An idle session of a client that Polaris cannot wake, and one piece of advice for it. */
async function startIdle(world: World, name: HomeName, args: string[]) {
  const { chain, model } = world;
  const { home, cwd } = await world.place(name);
  const project = world.projectOf(cwd);
  await using stack = new AsyncDisposableStack();
  const terminal = stack.use(startTerminal({ home, place: chain.place }, model, { cwd, args }));
  await terminal.shows("manual mode on");
  await hello(world, terminal, cwd);
  // Idle is what the transcript says; the turn's last hook, which could carry words, ends a moment later.
  await until(() => linesOf(world, home).some((text) => text.includes('"stop_hook_summary"')));
  const [session] = await world.sessions(cwd);
  const response = await fetch(
    `${chain.url}/projects/${project}/sessions/${session?.name}/inject`,
    {
      method: "POST",
      headers: { authorization: `Bearer ${chain.token}`, "content-type": "application/json" },
      body: JSON.stringify({ text: TEXT }),
    },
  );
  const { id = "" }: { id?: string } = await response.json();
  const owned = stack.move();
  return {
    id,
    home,
    terminal,
    /** What its sender was told, with the way. */
    receipts: async () =>
      (await chain.log(project))
        .filter(({ body }) => body.injection === id)
        .map(({ kind, body }) =>
          [kind.replace("injection.", ""), body.route].filter(Boolean).join(),
        ),
    /** How often the words stand in the conversation; requests that the client makes beside it have none of it. */
    copies: () => Math.max(...model.asked.map(({ body }) => body.split(TEXT).length - 1)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const linesOf = ({ chain }: World, home: string): string[] =>
  transcripts({ ...chain, home }).flatMap((path) => readFileSync(path, "utf8").split("\n"));

const ends = (idle: Awaited<ReturnType<typeof startIdle>>, timeoutMs: number, with_ = "seen") =>
  until(async () => (await idle.receipts()).at(-1)?.startsWith(with_), {
    timeoutMs,
    everyMs: 100,
    what: `the receipt "${with_}"`,
  });

claudeTest(
  "C3, C4: an idle session that cannot be reached is reported within 30 s, and gets the words with its driver's next prompt, once",
  async () => {
    await using world = await startWorld();
    const sentAt = performance.now();
    await using idle = await startIdle(world, "no bell", [
      "--strict-mcp-config",
      "--allowedTools",
      "Bash",
    ]);
    await ends(idle, 30_000, "failed");
    expect(performance.now() - sentAt).toBeLessThan(35_000);
    await idle.terminal.say("Run the tool");
    await idle.terminal.shows("It ran.");
    await ends(idle, 10_000);
    expect(await idle.receipts()).toEqual(["failed", "delivered,socket", "seen,socket"]);
    await idle.terminal.say("Say hello");
    await idle.terminal.shows("Hello!");
    await until(() => idle.copies() > 0);
    expect(idle.copies()).toBe(1);
  },
  90_000,
);

claudeTest(
  "C3, C4: without an inbox it gets them at the end of its next turn, once",
  async () => {
    await using world = await startWorld();
    await using idle = await startIdle(world, "older", ["--strict-mcp-config"]);
    await ends(idle, 30_000, "failed");
    await idle.terminal.say("Say hello");
    await ends(idle, 15_000);
    expect(await idle.receipts()).toEqual(["failed", "delivered,hook", "seen,hook"]);
    await idle.terminal.say("Say hello");
    await idle.terminal.shows("Hello!");
    await until(() => idle.copies() > 0);
    expect(idle.copies()).toBe(1);
  },
  90_000,
);

claudeTest(
  "C4, G4: what the agent asks for with polaris_inbox stands in its transcript, which is proof of it",
  async () => {
    await using world = await startWorld();
    await using idle = await startIdle(world, "older", ["--allowedTools", INBOX]);
    const { id, home } = idle;
    await idle.terminal.say(
      scripted("Any news?", [{ tool: INBOX, input: {} }, { text: "Read it." }]),
    );
    await idle.terminal.shows("Read it.");
    await ends(idle, 10_000);
    expect(await idle.receipts()).toEqual(["delivered,inbox", "seen,inbox"]);
    await until(() => idle.copies() > 0);
    expect(idle.copies()).toBe(1);
    const given = () =>
      transcripts({ ...world.chain, home }).flatMap((path) =>
        read(path).flatMap((event) => claude.advice?.givenIn(event) ?? []),
      );
    await until(() => given().length > 0);
    expect(given()).toEqual([id]);
  },
  90_000,
);
