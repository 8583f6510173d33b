/** What a team sets up in its first weeks, so that the pages of its settings have something to show. */
import { until } from "../../src/lib/until.ts";
import { as as of, type Person } from "./people.ts";
import type { Polaris } from "./polaris.ts";
import { connectSlack, startSlack, startTestBridge } from "./slack.ts";

/** A workspace of Slack that is told of everything from now on. */
export async function startWorkspace(polaris: Polaris): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const slack = stack.use(startSlack());
  await connectSlack(polaris.db, slack, polaris.caller);
  stack.use(startTestBridge(polaris, slack, { pace: 50 }));
  const owned = stack.move();
  return { [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Acts of an admin and an owner, as their browsers send them. */
export async function furnish(
  polaris: Polaris,
  { krishna, manu }: Record<"krishna" | "manu", Person>,
): Promise<void> {
  const send = async (who: Person, method: string, path: string, body?: unknown) => {
    const answer = await of(polaris, who).send(method, path, body);
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  };
  await send(krishna, "POST", "/orgs/invites", { email: "support@example.com", role: "member" });
  await send(krishna, "POST", "/orgs/invites", { role: "viewer" });
  await send(krishna, "POST", "/orgs/agents", {
    name: "dean",
    display: "Dean",
    icon: ":owl:",
    description: "Knows the payment provider's rules and says when a change breaks one.",
    skills: ["payments", "refunds"],
    tags: ["checkout"],
  });
  const kinds = ["session.needs_human", "session.finished", "error"];
  await send(krishna, "POST", "/webhooks", { url: "https://example.com/polaris", kinds });
  await send(krishna, "POST", "/tokens", { name: "nightly report", scopes: ["read"] });
  await send(manu, "PUT", "/projects/checkout/members/user:krishna");
  await send(krishna, "PATCH", "/projects/checkout", { retentionDays: 365, advice: "linked" });
  await send(krishna, "PATCH", "/projects/checkout/slack", { layout: "feed", verbosity: "quiet" });
  await send(krishna, "POST", "/webhooks", { url: "https://example.com/audit", kinds: ["*"] });
  await send(manu, "PATCH", "/projects/billing", { pullRequests: false });
  await send(manu, "PATCH", "/orgs/members/user:priya", { role: "viewer" });
  await send(manu, "PATCH", "/orgs/members/user:priya", { role: "member" });
  // Pages that people look at name no test.
  await polaris.database.admin`
    update devices set name = (array['Firefox on Linux', 'Chrome on macOS', 'Safari on iPhone'])[1 + abs(hashtext(id::text)) % 3]`;
  await until(
    async () => (await polaris.json<{ items: unknown[] }>("/search?q=retry")).items.length > 0,
    { what: "the search to know the scene" },
  );
  await until(
    async () => {
      const { channels } = await polaris.json<{ channels: { state: string }[] }>("/orgs/slack");
      return channels.some(({ state }) => state === "live");
    },
    { what: "the first channel in Slack" },
  );
}
