import * as apiTokens from "../../src/core/api-tokens.ts";
import { SCOPES } from "../../src/core/caller.ts";
import { startIdentify } from "../../src/core/identify.ts";
import { admit, homeOrg, userOf } from "../../src/core/people.ts";
import { type SlackSettings, slackOf } from "../../src/core/slack-apps.ts";
import { connect } from "../../src/db/db.ts";
import { type Log, silent } from "../../src/lib/log.ts";
import { keysOf } from "../../src/server/keys.ts";
import type { Rates } from "../../src/server/limits.ts";
import { type ServerOptions, startServer } from "../../src/server/server.ts";
import type { StoredEvent } from "../../src/wire/event.ts";
import type { IngestAnswer } from "../../src/wire/ingest.ts";
import type { Page } from "../../src/wire/session.ts";
import { freshDatabase } from "./postgres.ts";
import { temporary } from "./temp.ts";

export const SECRET = "a secret of the tests, thirty-two bytes long";

interface StartOptions {
  log?: Log;
  port?: number;
  accessSeconds?: number;
  /** `{}` for those of a real server. */
  rates?: Partial<Rates>;
  proxies?: string[];
  webhookRetryMs?: readonly number[];
  entrance?: Pick<
    ServerOptions,
    "providers" | "signUp" | "mail" | "proxies" | "publicUrl" | "metrics"
  >;
  slack?: SlackSettings;
}

/** Nobody is at home there. */
const NO_SLACK = slackOf({ SLACK_API_URL: "http://127.0.0.1:9/api/" });

/** Tests come from one address and are quicker than people. */
const GENEROUS = {
  doors: { perSecond: 1e6, burst: 1e6 },
  guesses: { perSecond: 1e6, burst: 1e6 },
  writes: { perSecond: 1e6, burst: 1e6 },
  advice: 1e6,
};

/** A whole server on a database of its own and a free port, called as users call it. */
export async function startPolaris({
  log = silent,
  port = 0,
  accessSeconds,
  rates = GENEROUS,
  proxies,
  webhookRetryMs,
  entrance = {},
  slack = NO_SLACK,
}: StartOptions = {}) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(temporary());
  const database = stack.use(await freshDatabase());
  const db = stack.use(await connect(database.place, { max: 8 }));
  const org = await homeOrg(db);
  const manu = await userOf(db, { email: "manu@example.com", name: "Manu" });
  const participant = await db.as(org, (tx) => admit(tx, org, manu, "owner"));
  const who = { org, participant, user: manu.id };
  const { secret: token } = await apiTokens.mint(db, who, { name: "tests", scopes: SCOPES });
  const caller = await startIdentify(db).identify(token);
  const keys = keysOf([SECRET]);
  const localKey = "local-key-of-this-test";
  const server = stack.use(
    await startServer({
      ...entrance,
      db,
      log,
      host: "127.0.0.1",
      port,
      version: "test",
      localKey,
      keys,
      accessSeconds,
      rates,
      webhookRetryMs,
      proxies: proxies ?? entrance.proxies,
      slack,
    }),
  );
  const owned = stack.move();

  const call = (
    path: string,
    init: RequestInit & { as?: string | null } = {},
  ): Promise<Response> => {
    const { as = token, ...rest } = init;
    const headers = new Headers(init.headers);
    if (as !== null && !headers.has("authorization")) headers.set("authorization", `Bearer ${as}`);
    return fetch(`${server.url}${path}`, { redirect: "manual", ...rest, headers });
  };
  return {
    url: server.url,
    /** As people's browsers call it. */
    publicUrl: server.publicUrl,
    house: server.house,
    routes: server.routes,
    token,
    caller,
    localKey,
    keys,
    server,
    db,
    database,
    folder: folder.path,
    call,
    /** The answer's JSON; the shape is the test's claim, its assertions are the check. */
    async json<T = unknown>(path: string, init?: Parameters<typeof call>[1]): Promise<T> {
      return (await (await call(path, init)).json()) as T;
    },
    post: (path: string, body: unknown) =>
      call(path, { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) }),
    /** Everything a session (or project) holds, over as many pages as it takes. */
    async messages(path: string): Promise<StoredEvent[]> {
      const items: StoredEvent[] = [];
      for (let after = "0"; ; ) {
        const response = await call(`${path}/messages?limit=500&after=${after}`);
        const page = (await response.json()) as Page<StoredEvent>;
        items.push(...page.items);
        if (!page.next) return items;
        after = page.next;
      }
    },
    async ingest(lines: string[]): Promise<{ status: number; answer: IngestAnswer }> {
      const headers = { "content-type": "application/x-ndjson" };
      const response = await call("/ingest", { method: "POST", headers, body: lines.join("\n") });
      return { status: response.status, answer: (await response.json()) as IngestAnswer };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
export type Polaris = Awaited<ReturnType<typeof startPolaris>>;

/** A machine with one session, as a daemon sees it: makes heads and event lines. */
export function startMachine({ project = "demo", name = "s-0001" } = {}) {
  const machine = { id: crypto.randomUUID(), name: "laptop" };
  const session = Bun.randomUUIDv7();
  let pos = 0;
  return {
    session,
    head: (more: Record<string, unknown> = {}) =>
      JSON.stringify({
        machine,
        sessions: [
          { id: session, project, name, agent: "agent:claude", driver: "user:manu", ...more },
        ],
      }),
    /** One event's line; what is given replaces the defaults. */
    line(fields: Record<string, unknown> = {}): string {
      pos++;
      return JSON.stringify({
        id: Bun.randomUUIDv7(),
        session,
        pos,
        at: new Date().toISOString(),
        sender: "user:manu",
        kind: "user.message",
        text: `prompt ${pos}`,
        body: {},
        source: { agent: "claude-code", version: "2.1.329", translator: 1, via: "transcript" },
        ...fields,
      });
    },
  };
}
