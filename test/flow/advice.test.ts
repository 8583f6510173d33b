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
      // Handed over twice where the first way was shut; read once.
      const ways = row.home === "refusing" ? 2 : 1;
      expect(outcome.receipts).toEqual([...Array(ways).fill("delivered"), "seen"]);
      expect(outcome.entries.map(({ sender, body }) => [sender, body.origin])).toEqual([
        ["user:manu", "injected"],
      ]);
    },
    90_000,
  );
}
