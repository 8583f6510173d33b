import { expect, test } from "bun:test";
import { until } from "../../src/lib/until.ts";
import { startRecorder } from "../helpers/recorder.ts";
import { startAdvice } from "./world.ts";

test("C6: what an agent answers does nothing to the terminal of whoever asked", async () => {
  await using world = await startAdvice();
  await using here = await startRecorder(world);
  const asked = here.run("inject", "etl/s-0001", "Which port?", "--answer");
  const { id } = await until(
    async () => {
      const { items } = await world.json<{ items: { id: string }[] }>(`${world.path}/injections`);
      return items[0];
    },
    { timeoutMs: 15_000, what: "the advice" },
  );
  const text = "4321\n\tor\u001b]0;mine\u0007\u001b[2J\u009b31m\rnone";
  await world.report("answered", { injection: id, route: "socket" }, { text });
  const { code, out } = await asked;
  expect(code).toBe(0);
  expect(out).toContain("4321\n\tor·]0;mine··[2J·31m·none");
  expect(out).not.toMatch(/(?![\n\t])\p{Cc}/u);
}, 30_000);
