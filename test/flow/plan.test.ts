import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { until } from "../../src/lib/until.ts";
import { type Step, startModel } from "../doubles/model.ts";
import { type Chain, startChain } from "../helpers/chain.ts";
import { claudeTest } from "../helpers/claude.ts";
import { seedHome, startTerminal } from "./terminal.ts";
import { PLANNED } from "./terminal-stories.ts";
import { isUntold, read, recorded, told, transcripts, turns } from "./told.ts";

const LIMIT_MS = 120_000;

const PLAN: Step[] = [
  { tool: "EnterPlanMode" },
  { text: "The plan is ready.", tool: "ExitPlanMode", waitMs: 1_000 },
  { text: "Going on." },
];

claudeTest(
  "A2, E7: plans that are approved and sent back, the branch, a title and the shell are recorded",
  async () => {
    await using chain = await startChain();
    await using model = startModel({ "Plan the work": PLAN, "Plan it again": PLAN });
    await chain.polaris("install", "--home", chain.home);
    const cwd = await chain.linked("site");
    git(cwd, "init", "--quiet", "--initial-branch", "feat/login");
    git(cwd, "commit", "--quiet", "--allow-empty", "--message", "first");
    seedHome(chain.home, cwd);
    const state = async () => (await chain.sessions("site"))[0];
    const ended = (count: number) =>
      recorded(chain, "the end", ({ kind }) => kind === "session.end", count);
    await using terminal = startTerminal(chain, model, { cwd });
    await terminal.shows("manual mode on");
    await terminal.say("Plan the work");
    await Bun.write(await planFile(chain), "# Plan\n\n1. Do it\n");
    await terminal.shows("Would you like to proceed?");
    await until(async () => (await state())?.state === "needs_human", {
      what: "a session that needs a human",
    });
    await terminal.insist("Down", "❯ Yes, manually");
    await terminal.insist("Enter", "Going on.");
    await turns(chain, 1);
    await terminal.say("Plan it again");
    await terminal.shows("Would you like to proceed?");
    await terminal.insist("Escape", "Rejected Claude's plan");
    await turns(chain, 2);
    await terminal.say("!echo from the shell");
    await turns(chain, 3);
    await until(async () => (await state())?.state === "idle", { what: "an idle session" });
    expect((await state())?.branch).toBe("feat/login");
    await terminal.say("/exit");
    expect(await terminal.exited).toBe(0);
    await ended(1);

    // The client looks at the branch when it starts, and then only from time to time.
    git(cwd, "switch", "--quiet", "--create", "feat/other");
    await using again = startTerminal(chain, model, { cwd, args: ["--continue"] });
    await again.shows("manual mode on");
    await again.say("/rename auth work");
    await recorded(chain, "the new title", ({ text }) => text?.startsWith("Session renamed"));
    expect(await state()).toMatchObject({
      branch: "feat/other",
      title: "auth work",
      state: "idle",
      model: "claude-opus-5-5",
    });
    await again.say("/exit");
    expect(await again.exited).toBe(0);
    await ended(2);
    expect(told(await chain.log("site"))).toEqual(PLANNED);
    const [path = ""] = transcripts(chain);
    expect(told(read(path))).toEqual(PLANNED.filter((line) => !isUntold(line)));
  },
  LIMIT_MS,
);

function git(cwd: string, ...args: string[]): void {
  const who = ["-c", "user.name=Manu", "-c", "user.email=manu@example.com"];
  const { success, stderr } = Bun.spawnSync(["git", ...who, ...args], {
    cwd,
    // Made long before the session, which is not told of it.
    env: { PATH: process.env.PATH ?? "", HOME: cwd, GIT_COMMITTER_DATE: "2026-01-01T00:00:00Z" },
  });
  if (!success) throw new Error(`git ${args[0]}: ${stderr}`);
}

/** Where the client wants the plan: it says so to the model, which here is not one to write it. */
const planFile = (chain: Chain): Promise<string> =>
  until(
    () =>
      transcripts(chain)
        .map((path) => /"planFilePath":"([^"]+)"/.exec(readFileSync(path, "utf8"))?.[1])
        .find(Boolean),
    { timeoutMs: 20_000, what: "the plan's path" },
  );
