import { expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../../src/lib/until.ts";
import { readFrames } from "../../src/web/client/frames.ts";
import type { Session } from "../../src/wire/session.ts";
import type { TeamFrame } from "../../src/wire/team.ts";
import { as, person } from "../helpers/people.ts";
import { type Polaris, startMachine, startPolaris } from "../helpers/polaris.ts";
import { quickest } from "../helpers/quickest.ts";

setDefaultTimeout(30_000);

/** One open team page: what it holds, as its script would. */
function watchTeam(polaris: Polaris, headers: Record<string, string>, query = "") {
  const stop = new AbortController();
  const team = { sessions: new Map<string, Session>(), projects: [""], id: 0, frames: 0, gone: "" };
  const done = (async () => {
    const { body } = await fetch(`${polaris.url}/live/sessions${query}`, {
      headers,
      signal: stop.signal,
    });
    if (!body) throw new Error("no stream");
    await readFrames(
      body,
      ({ event, data, id }) => {
        if (event === "gone") team.gone = JSON.parse(data).message;
        if (event !== "team") return;
        const frame: TeamFrame = JSON.parse(data);
        team.frames++;
        team.id = Number(id);
        for (const session of frame.sessions ?? []) team.sessions.set(session.id, session);
        if (frame.projects) team.projects = frame.projects.map(({ slug }) => slug);
      },
      () => {},
    );
  })().catch(() => {});
  const named = (name: string) => [...team.sessions.values()].find((each) => each.name === name);
  return {
    team,
    named,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
    },
  };
}

test("the team's stream tells who works on what as it happens, and what is asked of whom (E2)", async () => {
  await using polaris = await startPolaris();
  const viewer = await person(polaris.db, polaris.caller.org, "krishna", "viewer");
  await using open = watchTeam(polaris, viewer.headers);
  const machine = startMachine({ project: "checkout", name: "s-1111" });
  await polaris.ingest([machine.head(), machine.line({ text: "Why does it retry?" })]);
  const seen = await until(() => open.named("s-1111"), { what: "the session" });
  expect(seen).toMatchObject({
    state: "working",
    lastPrompt: "Why does it retry?",
    driver: "user:manu",
  });
  await until(() => open.team.projects.join() === "checkout");

  const ask = {
    kind: "permission.request",
    sender: "agent:claude",
    text: "git push",
    body: { name: "Bash" },
  };
  const ms = await quickest(500, async () => {
    await polaris.ingest([machine.head(), machine.line({ text: "Go on." })]);
    await until(() => open.named("s-1111")?.state === "working");
    const at = performance.now();
    await polaris.ingest([machine.head(), machine.line(ask)]);
    await until(() => open.named("s-1111")?.state === "needs_human");
    return performance.now() - at;
  });
  expect(ms).toBeLessThan(500);
  expect(open.named("s-1111")?.asks).toBe("Bash: git push");
  expect(Date.parse(open.named("s-1111")?.stateAt ?? "")).toBeGreaterThan(Date.now() - 5000);

  const end = {
    kind: "turn.end",
    sender: "agent:claude",
    text: undefined,
    body: { reason: "end_turn" },
  };
  await polaris.ingest([machine.head(), machine.line(end)]);
  await until(() => open.named("s-1111")?.state === "idle");
  expect(open.named("s-1111")?.asks).toBeNull();
});

test("a page that comes back gets what it missed, and not what it has (E2)", async () => {
  await using polaris = await startPolaris();
  const { headers } = await person(polaris.db, polaris.caller.org, "krishna", "member");
  const [quiet, busy] = ["s-aaaa", "s-bbbb"].map((name) => startMachine({ name }));
  if (!quiet || !busy) throw new Error("two machines");
  for (const one of [quiet, busy]) await polaris.ingest([one.head(), one.line()]);
  // What happened long ago needs no telling again.
  await polaris.database.admin`
    update sessions set last_event_at = now() - interval '10 minutes' where name = 's-aaaa'`;
  let id = 0;
  {
    await using first = watchTeam(polaris, headers);
    await until(() => first.team.sessions.size === 2);
    id = first.team.id;
  }
  await polaris.ingest([busy.head(), busy.line({ text: "while nobody looked" })]);
  await using again = watchTeam(polaris, headers, `?since=${id}`);
  await until(() => again.named("s-bbbb")?.lastPrompt === "while nobody looked");
  expect([...again.team.sessions.values()].map(({ name }) => name)).toEqual(["s-bbbb"]);
});

test("private projects show to their members alone, and go from an open page when access ends (F5, F6)", async () => {
  await using polaris = await startPolaris();
  const { db, caller } = polaris;
  const insider = await person(db, caller.org, "krishna", "member");
  const outsider = await person(db, caller.org, "priya", "member");
  const admin = await person(db, caller.org, "ada", "admin");
  await polaris.post("/projects", { slug: "secret", visibility: "private" });
  await polaris.post("/projects", { slug: "open" });
  const put = (method: string) =>
    polaris.call(`/projects/secret/members/${insider.participant}`, { method });
  await put("PUT");
  await using inside = watchTeam(polaris, insider.headers);
  await using outside = watchTeam(polaris, outsider.headers);
  await using above = watchTeam(polaris, admin.headers);
  const hidden = startMachine({ project: "secret", name: "s-1111" });
  const shown = startMachine({ project: "open", name: "s-2222" });
  await polaris.ingest([hidden.head(), hidden.line({ text: "the secret plan" })]);
  await polaris.ingest([shown.head(), shown.line()]);
  await until(() => inside.named("s-1111") && inside.named("s-2222"));
  for (const other of [outside, above]) {
    await until(() => other.named("s-2222"));
    expect(other.named("s-1111")).toBeUndefined();
    expect(other.team.projects).toEqual(["open"]);
  }
  await put("DELETE");
  await until(() => !inside.team.projects.includes("secret"), { timeoutMs: 5000 });
  expect((await as(polaris, outsider).get("/live/sessions?project=secret")).status).toBe(404);
});

test("who is removed sees the stream end with the reason (F4)", async () => {
  await using polaris = await startPolaris();
  const { headers, participant } = await person(
    polaris.db,
    polaris.caller.org,
    "krishna",
    "member",
  );
  await using open = watchTeam(polaris, headers);
  await until(() => open.team.frames > 0);
  await polaris.call(`/orgs/members/${participant}`, { method: "DELETE" });
  await until(() => open.team.gone !== "", { timeoutMs: 5000 });
  expect(open.team.gone).toBe("You are signed out.");
});
