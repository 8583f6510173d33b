import { afterAll, beforeAll, expect } from "bun:test";
import { placeOf } from "../../src/core/slack-channels.ts";
import { enqueue, type Write } from "../../src/core/slack-outbox.ts";
import { until } from "../../src/lib/until.ts";
import { startMachine } from "../helpers/polaris.ts";
import { ANSWERS, type Answers, connectSlack } from "../helpers/slack.ts";
import { test as both, ours } from "./both.ts";
import { type Bridged, startBridged } from "./bridged.ts";

let world: Bridged;
const worlds = new Map<Answers, Bridged>();
beforeAll(async () => {
  for (const answers of ANSWERS) {
    const each = await startBridged(answers);
    worlds.set(answers, each);
    await each.say("the first");
    await each.said("etl", "the first");
  }
});
afterAll(async () => {
  for (const each of worlds.values()) await each[Symbol.asyncDispose]();
});
const within = (run: typeof both) => (name: string, flow: () => Promise<void>) =>
  run(name, async (answers) => {
    const here = worlds.get(answers);
    if (!here) throw new Error(`no world with ${answers}`);
    world = here;
    await flow();
  });
const test = within(both);
const faulty = within(ours);

/** Puts writes into the outbox of project etl, as what speaks in Slack does. */
async function ask(...writes: (Pick<Write, "key" | "method"> & Partial<Write>)[]): Promise<void> {
  const { db, caller } = world.polaris;
  const [project] = await world.polaris.database.admin`select id from projects where slug = 'etl'`;
  await db.as(caller.org, async (tx) => {
    const at = { org: caller.org, team: world.slack.team().id };
    const place = await placeOf(tx, { ...at, project: project.id, name: "etl" });
    for (const write of writes) {
      await enqueue(tx, { ...at, to: { channel: place.id }, payload: {}, ...write });
    }
  });
  world.bridge.kick(caller.org);
}
const post = (key: string, text = key, more: Partial<Write> = {}) =>
  ({ key, method: "post", payload: { text }, ...more }) as const;
const row = async (key: string) => {
  const [found] = await world.polaris.database
    .admin`select state, error, helped, attempts, payload from slack_outbox where key = ${key}`;
  return found;
};
const ended = (key: string) =>
  until(async () => ["done", "dropped"].includes((await row(key))?.state) && row(key), {
    timeoutMs: 15_000,
    what: `${key} to end`,
  });
const times = (text: string) => world.texts("etl").filter((each) => each === text).length;
/** Of the call that carries this text. */
const of = (text: string) => (args: { text?: string }) => args.text === text;

for (const [name, fault] of [
  ["a 504", { status: 504 }],
  ["internal_error", { error: "internal_error" }],
  ["fatal_error", { error: "fatal_error" }],
] as const) {
  test(`D7: a post that took effect and was answered with ${name} stands in Slack once`, async () => {
    const text = `took effect ${name}`;
    world.slack.fault("chat.postMessage", { ...fault, apply: true, match: of(text) });
    await ask(post(text), post(`after ${name}`));
    expect(await ended(text)).toMatchObject({ state: "done", helped: true });
    await ended(`after ${name}`);
    expect([times(text), times(`after ${name}`)]).toEqual([1, 1]);
    const all = world.texts("etl");
    expect(all.indexOf(text)).toBeLessThan(all.indexOf(`after ${name}`));
  });
}

faulty("D7: a post whose answer does not come within eight seconds is looked up", async () => {
  world.slack.fault("chat.postMessage", {
    delayMs: 9500,
    error: "internal_error",
    apply: true,
    match: of("slow"),
  });
  await ask(post("slow"));
  expect(await ended("slow")).toMatchObject({ state: "done", helped: true });
  expect(times("slow")).toBe(1);
});

faulty("D7: a post that was answered with 503 and did not take effect is sent again", async () => {
  world.slack.fault("chat.postMessage", { status: 503, match: of("no effect") });
  await ask(post("no effect"));
  expect(await ended("no effect")).toMatchObject({ state: "done" });
  expect(times("no effect")).toBe(1);
});

test("D7: the same key is one post, however often it is asked for; its words are not kept", async () => {
  await ask(post("once"));
  await ask(post("once"), post("once"));
  await ended("once");
  await ask(post("once"));
  await ended("once");
  expect(times("once")).toBe(1);
  expect((await row("once"))?.payload).toEqual({});
});

faulty("D7: a 429 stops its own channel for as long as Slack says, and no other", async () => {
  const web = startMachine({ project: "web", name: "s-0002" });
  await world.say("elsewhere", web);
  await world.said("web", "elsewhere");
  world.slack.fault("chat.postMessage", { retryAfter: 2, match: of("limited") });
  const startedAt = performance.now();
  await ask(post("limited"));
  await until(async () => (await row("limited"))?.error === "ratelimited");
  await world.say("not limited", web);
  await world.said("web", "not limited", 1500);
  await ended("limited");
  expect(performance.now() - startedAt).toBeGreaterThan(2000);
  expect([times("limited"), (await row("limited"))?.helped]).toEqual([1, false]);
});

test("D6: blocks that Slack refuses become plain text", async () => {
  const blocks = Array.from({ length: 51 }, () => ({ type: "divider" }));
  await ask(
    post("blocks", "the same in words", { payload: { text: "the same in words", blocks } }),
  );
  expect(await ended("blocks")).toMatchObject({ state: "done" });
  expect(times("the same in words")).toBe(1);
});

test("D3: a thread whose root was deleted in Slack goes on under a new one", async () => {
  await ask(post("root"), post("reply 1", "reply 1", { thread: "root" }));
  await ended("reply 1");
  const root = world.slack.channel("etl").messages.find(({ text }) => text === "root");
  await world.slack.remove("etl", String(root?.ts));
  await ask(
    post("reply 2", "reply 2", { thread: "root" }),
    post("reply 3", "reply 3", { thread: "root" }),
  );
  await ended("reply 3");
  const find = (text: string) =>
    world.slack.channel("etl").messages.find((message) => message.text === text);
  expect(find("reply 3")?.thread_ts).toBe(find("reply 2")?.ts);
});

test("D3: of several edits that wait, the newest is made", async () => {
  await ask(post("card", "card 0"));
  await ended("card");
  const before = world.slack.calls("chat.update").length;
  const edit = (n: number) =>
    ({
      key: `card edit ${n}`,
      method: "update",
      target: "card",
      merge: "card",
      payload: { text: `card ${n}` },
    }) as const;
  await ask(...Array.from({ length: 20 }, (_, n) => edit(n + 1)));
  await until(() => times("card 20") === 1);
  expect(world.slack.calls("chat.update").length - before).toBe(1);
});

faulty(
  "D3: cards are edited before busy hours are counted: Slack takes 50 edits a minute",
  async () => {
    const numbers = Array.from({ length: 30 }, (_, n) => n);
    const edit = (target: string, n: number) =>
      ({
        key: `${target} ${n}`,
        method: "update",
        target,
        payload: { text: `${target} ${n}` },
      }) as const;
    await ask(...numbers.map((n) => post(`digest ${n}`)), post("late card"));
    await ended("late card");
    await until(async () => (await row("digest 29"))?.state === "done");
    const before = world.slack.calls("chat.update").length;
    await ask(...numbers.map((n) => edit(`digest ${n}`, 1)), edit("late card", 1));
    for (const n of numbers) await ended(`digest ${n} 1`);
    const order = world.slack
      .calls("chat.update")
      .slice(before)
      .map(({ args }) => args.text);
    expect(order).toHaveLength(31);
    expect(order.indexOf("late card 1")).toBeLessThan(10);
  },
);

test("C4: a reaction that is there already is as good as one that was made", async () => {
  await ask(post("seen"));
  await ended("seen");
  const react = (key: string) =>
    ({ key, method: "react", target: "seen", payload: { name: "eyes" } }) as const;
  await ask(react("eyes 1"), react("eyes 2"));
  expect((await ended("eyes 2"))?.state).toBe("done");
  const message = world.slack.channel("etl").messages.find(({ text }) => text === "seen");
  expect(message?.reactions).toMatchObject([{ name: "eyes", count: 1 }]);
});

test("D6: a file whose answer was lost stands in its thread once", async () => {
  world.slack.fault("files.completeUploadExternal", { status: 504, apply: true });
  const payload = {
    filename: "answer.md",
    content: "# long\n".repeat(50),
    snippet_type: "markdown",
  };
  await ask(post("long"), { key: "file", method: "upload", thread: "long", payload });
  expect(await ended("file")).toMatchObject({ state: "done", helped: true });
  const files = world.slack
    .channel("etl")
    .messages.filter(({ subtype }) => subtype === "file_share");
  expect(files.map(({ files: [file] }) => file.name)).toEqual(["answer.md"]);
});

faulty(
  "D6: a file whose bytes Slack does not take is tried again after eight seconds",
  async () => {
    world.slack.fault("upload", { delayMs: 30_000, status: 500 });
    const payload = { filename: "slow.md", content: "# slow", snippet_type: "markdown" };
    await ask(post("slow file"), {
      key: "slow bytes",
      method: "upload",
      thread: "slow file",
      payload,
    });
    expect(await ended("slow bytes")).toMatchObject({ state: "done", helped: false });
  },
);

test("D4: a word to one person alone is said to them alone, and directly where there is no channel", async () => {
  const krishna = world.slack.user(undefined, "krishna").id;
  await world.slack.enter("etl", krishna);
  await ask({ key: "hint", method: "ephemeral", payload: { user: krishna, text: "only you" } });
  await ended("hint");
  expect(world.slack.ephemerals).toMatchObject([{ user: krishna, text: "only you" }]);
  await ask({ ...post("direct"), to: { id: krishna } });
  await ended("direct");
  const room = [...world.slack.team().channels.values()].find(({ isIm }) => isIm);
  expect(room?.messages.map(({ text }) => text)).toEqual(["direct"]);
});

faulty(
  "D7: what Slack never takes is dropped after its reason was kept, and what follows goes on",
  async () => {
    world.slack.fault("chat.postMessage", { error: "some_new_word", match: of("never") });
    await ask(post("never"), post("next"));
    expect(await ended("never")).toMatchObject({ state: "dropped", error: "some_new_word" });
    await ended("next");
    expect((await world.status()).outbox.dropped).toBeGreaterThan(0);
  },
);

for (const error of ["account_inactive", "token_revoked", "invalid_auth", "missing_scope"]) {
  faulty(
    `D7: after ${error} the workspace waits until somebody connects it again, and loses nothing`,
    async () => {
      world.slack.fault("chat.postMessage", { error, match: of(`while ${error}`) });
      await ask(post(`while ${error}`), post(`then ${error}`));
      await until(async () => (await world.status()).workspace?.state === "paused");
      const { workspace } = await world.status();
      expect(workspace?.problem).toMatchObject({
        word: error,
        remedy: expect.stringContaining("onnect"),
      });
      expect(times(`then ${error}`)).toBe(0);
      await connectSlack(world.polaris.db, world.slack, world.polaris.caller);
      await ended(`then ${error}`);
      expect([times(`while ${error}`), times(`then ${error}`)]).toEqual([1, 1]);
    },
  );
}
