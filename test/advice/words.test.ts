import { expect, test } from "bun:test";
import { startAdvice } from "./world.ts";

test("C5: what is piped into advice is taken as it comes, up to 128 KB, and is stored whole", async () => {
  await using world = await startAdvice();
  const long = await world.inject("x".repeat(128 * 1024));
  expect(long.status).toBe(202);
  expect((await world.injection(long.id)).text).toHaveLength(128 * 1024);
  const more = await world.inject("x".repeat(128 * 1024 + 1));
  expect([more.status, more.error?.code]).toEqual([400, "invalid_input"]);
  const odd = await world.inject("nul \0, half a pair \ud800, \u001b[2J");
  expect(odd.status).toBe(202);
  expect((await world.injection(odd.id)).text).toBe("nul \u2400, half a pair \ufffd, \u001b[2J");
  const edited = await world.call(`${world.path}/injections/${odd.id}`, {
    method: "PATCH",
    body: JSON.stringify({ text: "\0" }),
  });
  expect(await edited.json()).toMatchObject({ text: "\u2400" });
});
