import { expect, test } from "bun:test";
import { z } from "zod";
import { program, start } from "../cli/program.ts";
import { temporary } from "../helpers/temp.ts";
import { startVisitor } from "../helpers/visitor.ts";

const Ready = z.object({ url: z.string(), claimUrl: z.string().nullable() });

/** A real server process in a home of its own, as an operator starts it. */
async function serve(home: string, more: Record<string, string> = {}) {
  const env = {
    HOME: home,
    PATH: process.env.PATH ?? "",
    POLARIS_HOME: `${home}/.polaris`,
    ...more,
  };
  const command = [...program, "serve", "--json", "--port", "0"];
  const child = Bun.spawn(command, { env, stdout: "pipe", stderr: "ignore" });
  let text = "";
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.includes("\n")) break;
  }
  return {
    ...Ready.parse(JSON.parse(text)),
    say: (...args: string[]) => start([...program, "serve", ...args], env),
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.exited;
    },
  };
}

test("a server without any provider is claimed, used, and entered again from its own machine (F1)", async () => {
  await using folder = temporary();
  await using server = await serve(folder.path);
  expect(server.claimUrl).toContain("/claim?code=pol_l_");
  const second = await server.say("--claim");
  expect([second.code, second.out.trim()]).toEqual([
    0,
    expect.stringContaining("/claim?code=pol_l_"),
  ]);
  expect((await server.say("--sign-in", "manu@example.com")).code).toBe(1);

  const visitor = startVisitor();
  const page = await visitor.open(second.out.trim());
  const inside = await visitor.submit(page, { email: "manu@example.com", name: "Manu" });
  expect(inside.text).toContain("Record a first session");
  const third = await server.say("--claim");
  expect([third.code, third.err]).toEqual([1, expect.stringContaining("has an owner already")]);
  expect((await startVisitor().open(server.claimUrl ?? "")).status).toBe(410);

  const again = await server.say("--sign-in", "manu@example.com");
  expect((await startVisitor().open(again.out.trim())).text).toContain("Record a first session");
}, 60_000);

test("half a provider is refused at the start, with what is missing", async () => {
  await using folder = temporary();
  const env = { HOME: folder.path, PATH: process.env.PATH ?? "", GOOGLE_CLIENT_ID: "a" };
  const { code, err } = await start([...program, "serve", "--port", "0"], env);
  expect([code, err]).toEqual([2, expect.stringContaining("GOOGLE_CLIENT_SECRET is not set")]);
});
