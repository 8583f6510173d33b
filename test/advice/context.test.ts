import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { until } from "../../src/lib/until.ts";
import type { Brief, Context } from "../../src/wire/context.ts";
import type { Page, Session } from "../../src/wire/session.ts";
import { as, type Person, person } from "../helpers/people.ts";
import { type Polaris, startMachine, startPolaris } from "../helpers/polaris.ts";

let polaris: Polaris;
let krishna: Person;
const retry = startMachine({ project: "etl", name: "retry" });
const docs = startMachine({ project: "etl", name: "docs" });

const STORY: Record<string, unknown>[] = [
  { kind: "session.start", sender: "agent:claude", text: undefined, body: { branch: "retry-fix" } },
  { text: "Make the loader retry when the warehouse is away.", body: { origin: "user" } },
  { text: "/compact", body: { origin: "user", command: "/compact" } },
  { kind: "agent.message", sender: "agent:claude", text: "I read the code first." },
  call("c1", "Edit", "src/load.ts"),
  call("c2", "Edit", "src/load.ts"),
  call("c3", "Write", "test/load.test.ts"),
  call("c4", "Bash", "npm test", "execute"),
  {
    kind: "question.asked",
    sender: "agent:claude",
    text: "How often at most?",
    body: { callId: "q1", questions: [] },
  },
  { kind: "question.answered", text: "Five times.", body: { callId: "q1" } },
  { sender: "user:krishna", text: "Use jitter too.\n\n**Decision:** full jitter, capped at 30 s" },
  {
    kind: "agent.message",
    sender: "agent:claude",
    text: "Done. The loader waits 0.1 s, then twice as long, with jitter.",
  },
  {
    kind: "question.asked",
    sender: "agent:claude",
    text: "Shall I raise the version?",
    body: { callId: "q2", questions: [] },
  },
];

function call(callId: string, name: string, path: string, kind = "edit") {
  const input = kind === "edit" ? { file_path: path } : { command: path };
  return {
    kind: "tool.call",
    sender: "agent:claude",
    text: path,
    body: { callId, name, kind, input },
  };
}

beforeAll(async () => {
  polaris = await startPolaris();
  krishna = await person(polaris.db, polaris.caller.org, "krishna", "member");
  const day = Date.parse("2026-10-01T12:00:00Z");
  const at = (n: number) => new Date(day + n * 60_000).toISOString();
  await polaris.ingest([
    retry.head(),
    ...STORY.map((event, n) => retry.line({ ...event, at: at(n) })),
  ]);
  const words = { sender: "user:priya", text: "Describe the retries.", at: at(60) };
  await polaris.ingest([docs.head({ driver: "user:priya" }), docs.line(words)]);
});
afterAll(() => polaris[Symbol.asyncDispose]());

const context = (query: string) => polaris.json<Context>(`/projects/etl/context?${query}`);
const texts = ({ items }: Context) => items.map(({ text }) => text);

describe("B5: what siblings have done is there when asked for", () => {
  test("in the order it happened, each with its event's id, without tool output", async () => {
    const { items, next, tokens } = await context("");
    expect(next).toBeNull();
    expect(tokens).toBeLessThanOrEqual(1500);
    expect(items.map(({ seq }) => seq)).toEqual(
      items.map(({ seq }) => seq).toSorted((a, b) => a - b),
    );
    const call = items.find(({ text }) => text === "Bash: npm test");
    expect(call).toMatchObject({ session: "retry", sender: "agent:claude", kind: "tool.call" });
    const event = await polaris.json<{ id: string }>(`/projects/etl/events/${call?.seq}`);
    expect(event.id).toBe(call?.event ?? "");
  });

  test("by session, all but one's own, by person, by time, by words", async () => {
    expect(texts(await context("session=docs"))).toEqual(["Describe the retries."]);
    expect(texts(await context("except=retry"))).toEqual(["Describe the retries."]);
    expect(texts(await context("person=user:krishna"))).toEqual([
      expect.stringContaining("Use jitter too."),
    ]);
    expect(texts(await context("after=2026-10-01T12:30:00Z"))).toEqual(["Describe the retries."]);
    expect(texts(await context("before=2026-10-01T12:01:30Z"))).toEqual([
      "",
      "Make the loader retry when the warehouse is away.",
    ]);
    const found = await until(async () => {
      const page = await context("q=warehouse");
      return page.items.length > 0 && page;
    });
    expect(texts(found)).toEqual(["Make the loader retry when the warehouse is away."]);
    expect((await polaris.call("/projects/etl/context?session=nothing")).status).toBe(404);
    expect((await polaris.call("/projects/etl/context?after=yesterday")).status).toBe(400);
  });

  test("the budget holds, the newest come first, and the rest is one page further", async () => {
    const long = startMachine({ project: "etl", name: "long" });
    await polaris.ingest([
      long.head(),
      ...Array.from({ length: 40 }, (_, n) => long.line({ text: `${n} ${"words ".repeat(200)}` })),
    ]);
    const seen: number[] = [];
    let cursor = "";
    for (let page = 0; page < 50; page++) {
      const answer = await context(`session=long&budget=400${cursor}`);
      expect(JSON.stringify(answer.items).length / 4).toBeLessThanOrEqual(400);
      expect(answer.tokens).toBeLessThanOrEqual(400);
      expect(answer.items.every(({ text }) => / … [\d,]+ more characters$/.test(text))).toBe(true);
      seen.unshift(...answer.items.map(({ text }) => Number.parseInt(text, 10)));
      if (!answer.next) break;
      cursor = `&cursor=${answer.next}`;
    }
    expect(seen).toEqual(Array.from({ length: 40 }, (_, n) => n));
  });

  test("a private project's sessions are nobody else's context (F4)", async () => {
    const secret = startMachine({ project: "secret", name: "s-0001" });
    await polaris.ingest([secret.head(), secret.line({ text: "the plan" })]);
    await polaris.call("/projects/secret", {
      method: "PATCH",
      body: JSON.stringify({ visibility: "private" }),
    });
    const theirs = as(polaris, krishna);
    for (const path of ["context", "brief", "sessions/s-0001/brief"]) {
      expect((await theirs.get(`/projects/secret/${path}`)).status).toBe(404);
      expect((await theirs.get(`/projects/etl/context`)).body).not.toContain("the plan");
    }
    expect((await theirs.get("/sessions")).body).not.toContain("secret");
    expect(await polaris.json("/projects/secret/brief")).toMatchObject({
      text: expect.stringContaining("the plan"),
    });
  });
});

describe("B8: a brief says what a session is about", () => {
  const brief = (budget = "") => polaris.json<Brief>(`/projects/etl/sessions/retry/brief${budget}`);

  test("goal, state, open questions, decisions, prompts and files, each with its event", async () => {
    const { text, upTo, tokens, session } = await brief();
    expect(text).toBe(`# etl/retry

needs human, user:manu drives agent:claude; branch retry-fix; last event #13 at ${new Date().toISOString().slice(0, 10)} ${/at \S+ (\d\d:\d\d)/.exec(text)?.[1]}.

**Goal**
- user:manu, 2026-10-01 12:01 (#2): Make the loader retry when the warehouse is away.

**Now**
- agent:claude, 2026-10-01 12:11 (#12) said last: Done. The loader waits 0.1 s, then twice as long, with jitter.

**Open**
- agent:claude, 2026-10-01 12:12 (#13) asks: Shall I raise the version?

**Decisions**
- user:krishna, 2026-10-01 12:10 (#11): full jitter, capped at 30 s
- user:manu, 2026-10-01 12:09 (#10): Five times.

**Last prompts**
- user:krishna, 2026-10-01 12:10 (#11): Use jitter too. **Decision:** full jitter, capped at 30 s

**Files touched**
- test/load.test.ts (1×, #7)
- src/load.ts (2×, #6)`);
    expect([upTo, session]).toEqual([13, "retry"]);
    expect(tokens).toBe(Math.ceil(text.length / 4));
  });

  test("the same events make the same text, within any budget", async () => {
    expect(await brief()).toEqual(await brief());
    for (const budget of [100, 150, 200, 300, 1000]) {
      const { text, tokens } = await brief(`?budget=${budget}`);
      expect(tokens).toBeLessThanOrEqual(budget);
      expect(text).toStartWith("# etl/retry");
      expect(text).toContain("drives");
    }
    expect((await polaris.call("/projects/etl/brief?budget=10")).status).toBe(400);
  });

  test("a project's brief tells of its sessions, within the budget; advice that waits is open", async () => {
    await polaris.post("/projects/etl/sessions/docs/inject", { text: "Name the limits." });
    const { text, tokens } = await polaris.json<Brief>("/projects/etl/brief?budget=1200");
    expect(tokens).toBeLessThanOrEqual(1200);
    for (const part of [
      "# Project etl, up to #",
      "## etl/retry",
      "## etl/docs",
      "user:priya drives",
      "Describe the retries.",
      "advises, unanswered: Name the limits.",
    ]) {
      expect(text).toContain(part);
    }
    await polaris.post("/projects", { slug: "empty" });
    const empty = await polaris.json<Brief>("/projects/empty/brief");
    expect(empty.text).toContain("Nothing has happened here yet.");
  });
});

test("B5, C4: context and brief tell advice in its latest words, and nothing that was taken back", async () => {
  const path = "/projects/advised/sessions/one";
  const session = startMachine({ project: "advised", name: "one" });
  await polaris.ingest([session.head(), session.line({ text: "Begin." })]);
  const send = async (text: string) =>
    (await (await polaris.post(`${path}/inject`, { text })).json()) as { id: string };
  const edited = await send("Decision: HS256");
  const taken = await send("Decision: no tests");
  const change = { method: "PATCH", body: JSON.stringify({ text: "Decision: RS256" }) };
  await polaris.call(`${path}/injections/${edited.id}`, change);
  await polaris.call(`${path}/injections/${taken.id}`, { method: "DELETE" });
  const { items } = await polaris.json<Context>("/projects/advised/context");
  const advice = items.filter(({ kind }) => kind === "injection.queued");
  expect(advice.map(({ text }) => text)).toEqual(["Decision: RS256"]);
  const { text } = await polaris.json<Brief>(`${path}/brief`);
  expect(text).toContain("advises, unanswered: Decision: RS256");
  expect(text).toContain("): RS256");
  expect(text).not.toContain("HS256");
  expect(text).not.toContain("no tests");
});

test("sessions of all projects are listed, the last active first, by state and in pages (J3)", async () => {
  const over = startMachine({ project: "other", name: "over" });
  await polaris.ingest([over.head(), over.line({ kind: "session.end", body: {} })]);
  const list = async (query: string) =>
    (await polaris.json<Page<Session>>(`/sessions?${query}`)).items.map(
      ({ project, name }) => `${project}/${name}`,
    );
  expect(await list("")).not.toContain("other/over");
  expect(await list("state=finished")).toEqual(["other/over"]);
  expect(await list("state=needs_human")).toEqual(["etl/retry"]);
  const first = await polaris.json<Page<Session>>("/sessions?limit=2");
  const second = await list(`limit=100&cursor=${first.next}`);
  const all = await list("limit=100");
  expect([...first.items.map(({ project, name }) => `${project}/${name}`), ...second]).toEqual(all);
  expect((await polaris.call("/sessions?state=asleep")).status).toBe(400);
});
