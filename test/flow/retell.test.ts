import { expect } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { claude } from "../../src/agents/claude/index.ts";
import { resumes } from "../../src/agents/claude/retell.ts";
import { paths } from "../../src/machine/paths.ts";
import type { Event } from "../../src/wire/event.ts";
import { read } from "../agents/recordings.ts";
import { startModel } from "../doubles/model.ts";
import { claudeTest } from "../helpers/claude.ts";
import { temporary } from "../helpers/temp.ts";
import { seedHome, startTerminal } from "./terminal.ts";

/** Between them every tool and way of speaking that was ever recorded. */
const RECORDED = ["print-tools", "tui-main", "tui-compact-inbox-subagent"];

for (const name of RECORDED) {
  claudeTest(
    `B8: the client draws ${name} as it was told again, goes on with it, and its model reads all of it`,
    async () => {
      await using folder = temporary("plrs-told-");
      await using model = startModel({ "Go on then": [{ text: "I went on." }] });
      const home = join(folder.path, "home");
      const cwd = join(folder.path, "work");
      for (const each of [home, cwd]) mkdirSync(each);
      seedHome(home, cwd);
      const events = read(`${name}.jsonl`).filter(({ parent }) => parent === undefined);
      const agentSession = crypto.randomUUID();
      const telling = resumes.retell(agentSession, cwd);
      for (const event of events) telling.take(event);
      const { lines } = telling.finish("Told again by Polaris.");
      const path = join(claude.transcripts(home, {}), resumes.path(cwd, agentSession));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `${lines.join("\n")}\n`);

      const command = resumes.command(agentSession);
      const place = paths(join(folder.path, "machine"));
      await using terminal = startTerminal({ home, place }, model, { cwd, command });
      await terminal.shows("manual mode on");
      await terminal.say("Go on then");
      await terminal.shows("I went on.");
      const body = model.asked.find(({ body }) => body.includes("Go on then"))?.body ?? "{}";
      expect(body).toContain("Told again by Polaris.");
      const asked = JSON.stringify(JSON.parse(body).messages);
      for (const words of wordsOf(events))
        expect(asked).toContain(JSON.stringify(words).slice(1, -1));
    },
    60_000,
  );
}

/** What was said since the last compaction. */
function wordsOf(events: Event[]): string[] {
  const from = events.findLastIndex(({ body }) => body.kind === "compact_summary");
  return events
    .slice(Math.max(0, from))
    .filter(({ kind, body }) => kind === "agent.message" || body.kind === "compact_summary")
    .flatMap(({ text }) => text?.trim() ?? []);
}
