import { afterAll, expect } from "bun:test";
import { claudeTest } from "../helpers/claude.ts";
import { run, startWorld, type World } from "./advising.ts";
import { HARD } from "./hard.ts";
import { ROWS } from "./states.ts";

/** Started by the first test, and one for all: each state has a project of its own. */
let started: Promise<World> | undefined;
const world = () => {
  started ??= startWorld();
  return started;
};
afterAll(async () => await (await started)?.[Symbol.asyncDispose]());

// promise: read-once
/** The states that differ in how they are reached; all of them are in the table of docs/injection.md. */
for (const row of [...ROWS, ...HARD].filter(({ essential }) => essential)) {
  claudeTest(
    `C3, C4, C5: advice to a session (${row.state}) is read once, or its sender is told`,
    async () => {
      const outcome = await run(await world(), row);
      if (row.route === "none") {
        expect(outcome).toMatchObject({ copies: [0], entries: [] });
        expect(outcome.receipts.map((one) => one.at(-1))).toEqual(["failed"]);
        expect(outcome.reason).toBeString();
        expect(outcome.failedMs).toBeLessThan(30_000);
        return;
      }
      expect(outcome).toMatchObject({ copies: [1], route: row.route, inOrder: true });
      // Handed over twice where the first way was shut; read once.
      const ways = row.home === "refusing" ? 2 : 1;
      expect(outcome.receipts).toEqual([[...Array(ways).fill("delivered"), "seen"]]);
      expect(outcome.entries).toHaveLength(row.count ?? 1);
      for (const { sender } of outcome.entries) {
        expect(sender).toMatch(row.count ? /^user:(?:krishna|priya)\b/ : /^user:manu$/);
      }
      expect(new Set(outcome.entries.map(({ body }) => body.origin))).toEqual(
        new Set(["injected"]),
      );
    },
    90_000,
  );
}
