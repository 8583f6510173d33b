import { z } from "zod";
import { until } from "../../src/lib/until.ts";
import type { StoredEvent } from "../../src/wire/event.ts";
import type { startModel } from "../doubles/model.ts";
import type { Chain } from "../helpers/chain.ts";
import { tokenBy } from "../helpers/owner.ts";
import type { Row } from "./states.ts";

/** What became of advice. Of several pieces the times are those of the last. */
export interface Outcome {
  row: Row;
  /** In milliseconds since it was sent. */
  deliveredMs: number | undefined;
  modelMs: number | undefined;
  seenMs: number | undefined;
  failedMs: number | undefined;
  route: string | undefined;
  reason: string | undefined;
  /** How often the latest request of that conversation holds it: one number where it is the same of all pieces. */
  copies: number[];
  /** How its entry into the conversation is recorded. */
  entries: StoredEvent[];
  /** Whether they entered in the order in which they were queued. */
  inOrder: boolean;
  /** One list where it is the same of all pieces. */
  receipts: string[][];
}

interface Acts {
  /** Once it was sent. */
  during?: () => Promise<unknown> | undefined;
  /** Once there is a receipt. */
  after?: () => Promise<unknown> | undefined;
}

/** The words of pieces, each to be found again. */
const wordsOf = ({ count = 1, more = "" }: Row): string[] =>
  Array.from({ length: count }, () => `Mind the ${Bun.randomUUIDv7().slice(-12)} gap${more}`);

/** Sends the pieces through the API, and watches what becomes of them. */
export async function advise(
  { chain, model }: { chain: Chain; model: ReturnType<typeof startModel> },
  row: Row,
  project: string,
  { during, after }: Acts = {},
): Promise<Outcome> {
  const all = await chain.sessions(project);
  const session = all.find(({ state }) => state !== "finished") ?? all[0];
  const texts = wordsOf(row);
  const path = `${chain.url}/projects/${project}/sessions/${session?.name}/inject`;
  const tokens = texts.length > 1 ? await invited(chain) : [chain.token];
  const began = performance.now();
  const since = () => Math.round(performance.now() - began);
  const sent = await Promise.all(
    texts.map(async (text, at) => {
      const authorization = `Bearer ${tokens[at % tokens.length]}`;
      const headers = { authorization, "content-type": "application/json" };
      const body = JSON.stringify({ text });
      const response = await fetch(path, { method: "POST", headers, body });
      if (!response.ok) throw new Error(`${row.state}: ${await response.text()}`);
      // The shape is this helper's claim; what tests assert is the check.
      const { id } = (await response.json()) as { id: string };
      return { id, words: text.slice(0, 40).trim() };
    }),
  );
  const ids = new Set(sent.map(({ id }) => id));
  const times: Record<string, number> = {};
  const asked = (words: string) => model.asked.filter(({ body }) => body.includes(words));
  async function look(): Promise<StoredEvent[]> {
    if (sent.every(({ words }) => asked(words).length > 0)) times.model ??= since();
    const events = await chain.log(project);
    const having = (kinds: string[]) =>
      new Set(
        events.filter(({ kind }) => kinds.includes(kind)).map(({ body }) => body.injection),
      ).isSupersetOf(ids);
    if (having(["injection.delivered"])) times.delivered ??= since();
    if (having(["injection.seen"])) times.seen ??= since();
    if (having(["injection.failed", "injection.expired"])) times.failed ??= since();
    return events;
  }
  const waited = (what: string, isThere: () => unknown) =>
    until(async () => (await look()) && isThere(), {
      timeoutMs: 45_000,
      what: `${row.state}: ${what}`,
    });
  await during?.();
  await waited("a receipt", () => times.delivered || times.failed);
  await after?.();
  await waited("the end of its way", () => (times.seen && times.model) || times.failed);
  // A second copy would come with one of the next requests.
  await Bun.sleep(1_000);
  const events = await look();
  const order = events.filter(({ id }) => ids.has(id)).map(({ id }) => id);
  const receipts = order.map((id) => events.filter(({ body }) => body.injection === id));
  const last = receipts.at(-1)?.at(-1)?.body ?? {};
  const entries = events.filter(
    ({ kind, text }) => kind === "user.message" && sent.some(({ words }) => text?.includes(words)),
  );
  const at = entries.map(({ text }) => sent.find(({ words }) => text?.includes(words))?.id ?? "");
  return {
    row,
    deliveredMs: times.delivered,
    modelMs: times.model,
    seenMs: times.seen,
    failedMs: times.failed,
    route: typeof last.route === "string" ? last.route : undefined,
    reason: typeof last.reason === "string" ? last.reason : undefined,
    copies: alike(
      sent.map(({ words }) => (asked(words).at(-1)?.body.split(words).length ?? 1) - 1),
    ),
    entries,
    inOrder: at.join() === order.filter((id) => at.includes(id)).join(),
    receipts: alike(receipts.map((one) => one.map(({ kind }) => kind.replace("injection.", "")))),
  };
}

/** Each of them once. */
const alike = <T>(all: T[]): T[] => [
  ...new Map(all.map((one) => [JSON.stringify(one), one])).values(),
];

/** Tokens of two who join by an invitation; others each time, because nobody may say more than 30 in a minute. */
function invited({ url, token }: Chain): Promise<string[]> {
  const round = Bun.randomUUIDv7().slice(-6);
  return Promise.all(
    ["krishna", "priya"].map(async (name) => {
      const response = await fetch(`${url}/orgs/invites`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ role: "admin", email: `${name}@${round}.example.com` }),
      });
      const made = z.object({ url: z.string() }).parse(await response.json());
      return await tokenBy(made.url.replace(/^https?:\/\/[^/]+/, url));
    }),
  );
}
