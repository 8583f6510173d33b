import { expect, setDefaultTimeout, test } from "bun:test";
import { storm } from "./slack.ts";

setDefaultTimeout(180_000);

test("D7: in Slack's own history nothing is missing, double or out of order while bridges and PostgreSQL are killed", async () => {
  const seed = Date.now() % 1_000_000;
  const report = await storm({ events: 240, kills: 2, seed });
  // The seed is what makes a failed run happen again: bun test/faults/slack.ts --events 240 --kills 2 --seed …
  if (!report.clean) console.error(Bun.inspect(report, { depth: 5 }));
  expect({ clean: report.clean, said: report.said, kills: report.kills, seed }).toEqual({
    clean: true,
    said: 240,
    kills: 2,
    seed,
  });
});
