import { readFileSync } from "node:fs";
import { until } from "../../src/lib/until.ts";
import { hello, type Row } from "./states.ts";
import type { Terminal } from "./terminal.ts";

const BASH = ["--allowedTools", "Bash"];

const tool = async (_: unknown, terminal: Terminal) => {
  await terminal.say("Run the tool");
  await terminal.shows("Running.");
};

/** The process of Polaris inside the client. */
function stationOf({ pid }: Terminal): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
  const isStation = (child: string) =>
    readFileSync(`/proc/${child}/cmdline`, "utf8").split("\0").includes("mcp");
  return Number(children.find(isStation));
}

/** Crowds, and what comes between handing over and reading. */
export const HARD: Row[] = [
  { state: "idle, 50 pieces at once", route: "socket", before: hello, count: 50 },
  {
    state: "a tool runs, 50 pieces at once",
    route: "socket",
    args: BASH,
    before: tool,
    count: 50,
    essential: true,
  },
  {
    state: "a tool runs, 50 pieces at once, and the recorder is killed twice meanwhile",
    route: "socket",
    args: BASH,
    before: tool,
    count: 50,
    async during({ chain }) {
      for (let round = 0; round < 2; round++) {
        await chain.daemon.kill();
        await chain.daemon.start();
      }
    },
  },
  {
    state: "no MCP server, idle, 50 pieces at once",
    route: "socket",
    args: ["--strict-mcp-config"],
    before: hello,
    count: 50,
  },
  {
    state: "no inbox, a tool runs, 50 pieces at once",
    home: "no inbox",
    route: "hook",
    args: BASH,
    before: tool,
    count: 50,
    essential: true,
  },
  {
    state: "compacting, 10 pieces at once",
    route: "socket",
    count: 10,
    async before(world, terminal, cwd) {
      await hello(world, terminal, cwd);
      await terminal.say("/compact");
      await terminal.shows("Compacting");
    },
  },
  {
    state: "waiting for an approval, 3 pieces at once",
    route: "socket",
    count: 3,
    async before(_, terminal) {
      await terminal.say("Touch the marker");
      await terminal.shows("Do you want to proceed?");
    },
    after: (terminal) => terminal.insist("Enter", "The marker is there."),
  },
  {
    state: "subagents run, 3 pieces at once",
    route: "socket",
    count: 3,
    args: BASH,
    essential: true,
    async before({ chain }, terminal, cwd) {
      const project = cwd.split("/").at(-1) ?? "";
      await terminal.say("Send two out");
      await until(
        async () =>
          (await chain.log(project)).filter(
            ({ kind, parent }) => kind === "tool.call" && parent !== undefined,
          ).length === 2,
        { timeoutMs: 20_000, what: "two subagents at work" },
      );
    },
  },
  { state: "idle, 100 KB of text", route: "socket", before: hello, more: " x".repeat(50 * 1024) },
  { state: "joined after its first turn", route: "socket", joined: true },
  {
    state: "joined after its first turn, no MCP server, a tool runs",
    route: "hook",
    joined: true,
    args: ["--strict-mcp-config", ...BASH],
    before: tool,
  },
  {
    // The client stands still while its inbox is written to, and then finds both.
    state: "handed over, and /clear before it is read",
    route: "socket",
    async before(world, terminal, cwd) {
      await hello(world, terminal, cwd);
      await terminal.type("/clear");
      process.kill(terminal.pid, "SIGSTOP");
    },
    async after(terminal) {
      terminal.press("Enter");
      process.kill(terminal.pid, "SIGCONT");
    },
  },
  {
    // What hands it over stands still until the session is another one.
    state: "/clear while it is being handed over",
    route: "none",
    essential: true,
    async before(world, terminal, cwd) {
      await hello(world, terminal, cwd);
      process.kill(stationOf(terminal), "SIGSTOP");
    },
    async during(world, terminal, cwd) {
      await until(async () => (await world.chain.status()).journal.mailbox > 0);
      await terminal.say("/clear");
      await until(async () => (await world.sessions(cwd)).length > 1, {
        timeoutMs: 15_000,
        what: "the session that goes on",
      });
      process.kill(stationOf(terminal), "SIGCONT");
    },
  },
  {
    state: "waiting for an approval, killed with 3 pieces in its queue, and resumed",
    route: "none",
    count: 3,
    resumed: true,
    async before(_, terminal) {
      await terminal.say("Touch the marker");
      await terminal.shows("Do you want to proceed?");
    },
    after: (terminal) => terminal.kill(),
  },
];
