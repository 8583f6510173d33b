import { expect } from "bun:test";
import { claudeTest } from "../helpers/claude.ts";
import { ROWS, run, startWorld } from "./states.ts";

/** The states that differ in how they are reached; all of them are in the table of docs/injection.md. */
for (const row of ROWS.filter(({ essential }) => essential)) {
  claudeTest(
    `C3, C4, C5: advice to a session (${row.state}) is read once, or its sender is told`,
    async () => {
      await using world = await startWorld();
      const outcome = await run(world, row);
      if (row.route === "none") {
        expect(outcome).toMatchObject({ copies: 0, entries: [], receipts: ["failed"] });
        expect(outcome.reason).toBeString();
        expect(outcome.failedMs).toBeLessThan(30_000);
        return;
      }
      expect(outcome).toMatchObject({ copies: 1, route: row.route });
      expect(outcome.receipts).toEqual(["delivered", "seen"]);
      expect(outcome.entries.map(({ sender, body }) => [sender, body.origin])).toEqual([
        ["user:manu", "injected"],
      ]);
    },
    90_000,
  );
}
