import { expect } from "bun:test";
import { until } from "../../src/lib/until.ts";
import type { Injection } from "../../src/wire/injection.ts";
import { scripted } from "../doubles/model.ts";
import { claudeTest } from "../helpers/claude.ts";
import { startWorld } from "./states.ts";
import { startTerminal } from "./terminal.ts";

const REPLY = "mcp__plugin_polaris_polaris__polaris_reply";

claudeTest(
  "C4, C6: the agent answers advice with polaris_reply, and its sender sees the answer",
  async () => {
    await using world = await startWorld();
    const { chain, model } = world;
    const { cwd } = await world.place();
    const project = world.projectOf(cwd);
    await using terminal = startTerminal(chain, model, { cwd, args: ["--allowedTools", REPLY] });
    await terminal.shows("manual mode on");
    await terminal.say("Say hello");
    await terminal.shows("Hello!");
    const [session] = await until(async () => {
      const all = await world.sessions(cwd);
      return all.length > 0 && all;
    });
    const path = `${chain.url}/projects/${project}/sessions/${session?.name}`;
    const headers = {
      authorization: `Bearer ${chain.token}`,
      "content-type": "application/json",
    };
    const id = Bun.randomUUIDv7();
    // What the model answers to this prompt is written in it.
    const text = scripted("Which port?", [
      { tool: REPLY, input: { id, text: "Port 4321." } },
      { text: "Told them." },
    ]);
    const body = JSON.stringify({ id, text });
    expect((await fetch(`${path}/inject`, { method: "POST", headers, body })).status).toBe(202);
    const injection = await until(
      async () => {
        const response = await fetch(`${path}/injections/${id}`, { headers });
        const now = (await response.json()) as Injection;
        return now.state === "answered" && now;
      },
      { timeoutMs: 20_000, everyMs: 50, what: "an answer" },
    );
    expect(injection).toMatchObject({ answer: "Port 4321.", route: "socket" });
    await terminal.shows("Told them.");
  },
  60_000,
);
