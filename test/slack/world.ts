import type { Role } from "../../src/core/caller.ts";
import { until } from "../../src/lib/until.ts";
import type { FakeSlackOptions, Json } from "../doubles/slack/model.ts";
import { person } from "../helpers/people.ts";
import { startMachine, startPolaris } from "../helpers/polaris.ts";
import { type Answers, connectSlack, startSlackOf, startTestBridge } from "../helpers/slack.ts";

/** A server, a workspace connected to it, and the bridge between them: Slack's own history is the witness. */
export async function startWorld(
  answers: Answers = "our Slack",
  options: Partial<FakeSlackOptions> = {},
) {
  await using stack = new AsyncDisposableStack();
  const slack = stack.use(await startSlackOf(answers, options));
  // When all is told and the bridge has gone.
  stack.defer(() => slack.agreed());
  const polaris = stack.use(await startPolaris({ slack: slack.settings }));
  await connectSlack(polaris.db, slack, polaris.caller);
  stack.use(startTestBridge(polaris, slack, { pace: 50 }));
  const owned = stack.move();

  const channel = (name: string) =>
    [...slack.team().channels.values()].find((it) => it.name === name && !it.isArchived);
  const messages = (name: string): Json[] => channel(name)?.messages ?? [];
  /** What stands in the channel itself. */
  const top = (name: string): Json[] =>
    messages(name).filter((it) => !it.thread_ts || it.thread_ts === it.ts);
  const replies = (name: string, ts: string): Json[] =>
    messages(name).filter((it) => it.thread_ts === ts && it.ts !== ts);
  const patch = (path: string, body: unknown) =>
    polaris.call(path, { method: "PATCH", body: JSON.stringify(body) });
  const found = <T>(look: () => T | Promise<T>) => until(look);

  return {
    slack,
    polaris,
    channel,
    messages,
    top,
    replies,
    patch,
    found,
    machine: startMachine,
    member: (name: string, role: Role = "member") =>
      person(polaris.db, polaris.caller.org, name, role),
    /** The card of a session, once it stands. */
    card: (project: string, session = "s-0001") =>
      found(() => top(project).find((it) => String(it.text).startsWith(`${session}:`))),
    wishes: async (wishes: object) => {
      const answer = await patch("/orgs/slack/wishes", wishes);
      if (!answer.ok) throw new Error(await answer.text());
    },
    /** Everybody of the workspace comes into the channel: who writes there is in it. */
    async crowd(name: string): Promise<void> {
      const room = await found(() => channel(name));
      for (const { id, isBot } of slack.team().users.values()) {
        if (!isBot && slack.isHuman(id)) await slack.enter(room.id, id);
      }
    },
    /** All that Slack was told is in its history. */
    settled: () =>
      until(async () => {
        const [row] = await polaris.database.admin`
          select (select count(*)::int from slack_outbox where state in ('waiting', 'sending')) as open,
            (select count(*)::int from projects p left join slack_cursors c on c.project_id = p.id
              where p.last_seq > coalesce(c.seq, 0)) as behind`;
        return row.open === 0 && row.behind === 0 ? true : undefined;
      }),
    /** The id that somebody has in this workspace. */
    idOf: (name: string) => slack.user(undefined, name).id,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
export type World = Awaited<ReturnType<typeof startWorld>>;

export const agentSaid = (text: string) => ({
  kind: "agent.message",
  sender: "agent:claude",
  text,
});
export const toolCalled = (text: string) => ({
  kind: "tool.call",
  sender: "agent:claude",
  text,
  body: { callId: crypto.randomUUID(), name: "Bash", kind: "execute", input: {} },
});
export const turnEnded = (reason = "end_turn") => ({
  kind: "turn.end",
  sender: "agent:claude",
  body: { reason },
});
