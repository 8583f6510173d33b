import { type Outcome, ROWS, run, startWorld } from "./states.ts";

/** `bun test/flow/injection.ts [words of a state]`: every state with the real Claude Code. */
const wanted = process.argv.slice(2).join(" ");
await using world = await startWorld();
const outcomes: Outcome[] = [];
for (const row of ROWS.filter(({ state }) => state.includes(wanted))) {
  try {
    const outcome = await run(world, row);
    outcomes.push(outcome);
    const { deliveredMs, modelMs, seenMs, failedMs, route, reason, copies, entries, receipts } =
      outcome;
    console.log(
      row.state,
      JSON.stringify({
        deliveredMs,
        modelMs,
        seenMs,
        failedMs,
        route,
        reason,
        copies,
        receipts,
        entries: entries.map(({ sender, body }) => [sender, body.origin]),
      }),
    );
  } catch (error) {
    console.log(
      row.state,
      "FAILED",
      error instanceof Error ? error.message : error,
      error instanceof Error ? error.cause : "",
    );
  }
}
