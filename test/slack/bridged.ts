import { until } from "../../src/lib/until.ts";
import type { SlackStatus } from "../../src/wire/slack.ts";
import type { FakeSlackOptions } from "../doubles/slack/model.ts";
import { plain } from "../helpers/plain.ts";
import { startMachine, startPolaris } from "../helpers/polaris.ts";
import { type Answers, connectSlack, startSlackOf, startTestBridge } from "../helpers/slack.ts";

/** A server, a Slack, a bridge between them, and a machine that records into `etl`. */
export async function startBridged(
  answers: Answers = "our Slack",
  options: Partial<FakeSlackOptions> = {},
) {
  await using stack = new AsyncDisposableStack();
  const slack = stack.use(await startSlackOf(answers, options));
  // When all is told and the bridge has gone.
  stack.defer(() => slack.agreed());
  const polaris = stack.use(await startPolaris({ slack: slack.settings }));
  await connectSlack(polaris.db, slack, polaris.caller);
  const bridge = stack.use(startTestBridge(polaris, slack, { pace: 20, speak: plain }));
  await until(() => bridge.teams.length > 0 && bridge.connected.length > 0, {
    what: "the bridge to be at work",
  });
  const machine = startMachine({ project: "etl" });
  const owned = stack.move();

  const messages = (name: string) => slack.channel(name).messages.filter(({ text }) => text !== "");
  return {
    slack,
    polaris,
    bridge,
    /** Records a prompt in a session of `project`. */
    say: (text: string, from = machine) => polaris.ingest([from.head(), from.line({ text })]),
    texts: (name: string): string[] => {
      try {
        return messages(name).map(({ text }) => String(text));
      } catch {
        return [];
      }
    },
    status: () => polaris.json<SlackStatus>("/orgs/slack"),
    /** Waits until the channel says this, as often as it does. */
    said: (name: string, text: string, timeoutMs = 10_000) =>
      until(() => slack.channel(name).messages.filter((m) => String(m.text).endsWith(text))[0], {
        timeoutMs,
        what: `"${text}" in #${name}`,
      }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
export type Bridged = Awaited<ReturnType<typeof startBridged>>;
