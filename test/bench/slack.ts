import { until } from "../../src/lib/until.ts";
import type { StoredEvent } from "../../src/wire/event.ts";
import type { Page } from "../../src/wire/session.ts";
import { startMachine } from "../helpers/polaris.ts";
import { startSlack } from "../helpers/slack.ts";
import { startHouse } from "../slack/house.ts";
import { type Bench, summary } from "./lib.ts";
import { rss } from "./proc.ts";

/** Slack allows one message a second and channel, and some 200 a minute in all: below that nothing waits. */
const CHANNELS = 6;
const EVERY_MS = 350;

/** How soon a prompt is on its way to Slack, and what a bridge holds while nobody works. */
export const slack: Bench = {
  name: "slack",
  about: "event committed → Slack called, and the memory of an idle bridge",
  async run({ quick, program }) {
    await using fake = startSlack({ pingIntervalMs: 5000 });
    await using house = await startHouse([program], fake, ["--no-bridge"]);
    await house.connect();
    await using bridge = await house.bridge();
    const machines = Array.from({ length: CHANNELS }, (_, at) =>
      startMachine({ project: `bench-${at}`, name: `s-000${at}` }),
    );
    // Channels are made at 16 a minute; each gets a card and the prompt below it.
    for (const machine of machines) await house.say(machine, "the first");
    const posts = () => fake.calls("chat.postMessage");
    const callOf = (text: string) =>
      posts().find(({ args }) => JSON.stringify(args).includes(text));
    await until(() => posts().length >= 2 * CHANNELS, { timeoutMs: 120_000, everyMs: 100 });
    await Bun.sleep(quick ? 2000 : 12_000);
    const idle = rss(bridge.pid);

    const count = quick ? 12 : 120;
    for (let at = 0; at < count; at++) {
      const machine = machines[at % CHANNELS];
      if (machine) await house.say(machine, `measured-${at}-`);
      await Bun.sleep(EVERY_MS);
    }
    const all = Array.from({ length: count }, (_, at) => `measured-${at}-`);
    await until(() => all.every(callOf), { timeoutMs: 30_000, what: "every prompt in Slack" });
    const samples: number[] = [];
    for (let at = 0; at < CHANNELS; at++) {
      const headers = { authorization: `Bearer ${house.token}` };
      const path = `${house.url}/projects/bench-${at}/messages?limit=500`;
      const page = (await (await fetch(path, { headers })).json()) as Page<StoredEvent>;
      for (const { text = "", receivedAt } of page.items) {
        const call = text.startsWith("measured-") ? callOf(text) : undefined;
        if (call) samples.push(call.at - Date.parse(receivedAt));
      }
    }
    const { p50, p95, p99, n } = summary(samples);
    const busy = rss(bridge.pid);
    return [
      {
        name: "event committed → Slack called",
        unit: "ms (p95)",
        ours: p95,
        p50,
        p99,
        target: "≤ 250 ms",
        pass: p95 <= 250 && n === count,
        note: `${n} of ${count} prompts in ${CHANNELS} channels, server and bridge apart`,
      },
      {
        name: "idle bridge",
        unit: "MiB (rss)",
        ours: idle,
        target: "≤ 120 MiB",
        pass: idle <= 120,
        note: `after ${count} prompts ${busy.toFixed(0)} MiB`,
      },
    ];
  },
};
