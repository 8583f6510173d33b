import { expect } from "bun:test";
import { until } from "../../src/lib/until.ts";
import { claudeTest } from "../helpers/claude.ts";
import { startWorld } from "./advising.ts";
import { hello } from "./states.ts";
import { startTerminal } from "./terminal.ts";

/** From the request on: before it is heard, while it is written, before it is reported, after it was seen. */
const WAYS = [
  { name: "by the inbox", home: "usual", rounds: 20, latestMs: 500 },
  // The bell of a recorder is not rung in its first 3 s.
  { name: "by the bell", home: "no inbox", rounds: 6, latestMs: 4_500 },
] as const;

for (const way of WAYS)
  claudeTest(
    `C4: ${way.name}, a recorder killed at ${way.rounds} random moments, and the same words twice at once: each is read once, as its receipt says`,
    async () => {
      await using world = await startWorld();
      const { chain, model } = world;
      const { home, cwd } = await world.place(way.home);
      const project = world.projectOf(cwd);
      await using terminal = startTerminal({ home, place: chain.place }, model, { cwd });
      await terminal.shows("manual mode on");
      await hello(world, terminal, cwd);
      const [session] = await world.sessions(cwd);
      const sent: string[] = [];

      async function send(text: string): Promise<void> {
        const response = await fetch(
          `${chain.url}/projects/${project}/sessions/${session?.name}/inject`,
          {
            method: "POST",
            headers: { authorization: `Bearer ${chain.token}`, "content-type": "application/json" },
            body: JSON.stringify({ text }),
          },
        );
        const { id }: { id?: string } = await response.json();
        if (!id) throw new Error(`round ${sent.length}: ${response.status}`);
        sent.push(id);
      }
      const receiptsOf = async (id: string) =>
        (await chain.log(project))
          .filter(({ body }) => body.injection === id)
          .map(({ kind }) => kind.replace("injection.", ""));
      const isOver = async (id: string) => {
        const receipts = await receiptsOf(id);
        return receipts.includes("seen") || receipts.includes("failed");
      };

      for (let round = 0; round < way.rounds; round++) {
        const killAt = Math.random() * way.latestMs;
        await send(`Round ${round}`);
        await Bun.sleep(killAt);
        await chain.daemon.kill("SIGKILL");
        await chain.daemon.start();
        await until(() => isOver(sent.at(-1) ?? ""), {
          timeoutMs: 30_000,
          what: `the end of round ${round}, killed after ${killAt} ms`,
        });
      }
      await Promise.all([send("Twice"), send("Twice")]);
      for (const id of sent) await until(() => isOver(id), { timeoutMs: 30_000 });

      // All of it stands in the conversation, so its next request holds it; what is asked beside it holds none.
      const before = model.asked.length;
      await hello(world, terminal, cwd);
      const next = () => model.asked.slice(before).find(({ body }) => body.includes("Round 0"));
      await until(() => next() !== undefined, { what: "the conversation's next request" });
      const last = next()?.body ?? "";
      const copies = sent.map((id) => last.split(`Id: ${id}`).length - 1);
      expect(copies).toEqual(sent.map(() => 1));
      for (const id of sent) expect(await receiptsOf(id)).toEqual(["delivered", "seen"]);
    },
    280_000,
  );
