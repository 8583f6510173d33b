/** A team at work: people, projects and sessions in every state, sent the way machines send them. */
import { CONVERSATION, type Told } from "../web/sample.ts";
import type { Person } from "./people.ts";
import { person } from "./people.ts";
import { type Polaris, startMachine } from "./polaris.ts";

interface Played {
  project: string;
  name: string;
  driver: string;
  branch?: string;
  told: Told[];
  /** How long ago its last event was. */
  minutesAgo?: number;
}

const end = (reason = "end_turn"): Told => ({ kind: "turn.end", body: { reason } });
const start: Told = {
  kind: "session.start",
  body: { source: "startup", model: "claude-opus-5-5" },
};
const say = (text: string): Told => ({ kind: "user.message", text });
const answer = (text: string): Told => ({ kind: "agent.message", text });
const title = (text: string): Told => ({ kind: "session.title", text });
const run = (callId: string, command: string): Told[] => [
  {
    kind: "tool.call",
    text: command,
    body: { callId, name: "Bash", kind: "execute", input: { command } },
  },
  { kind: "tool.result", body: { callId, status: "completed", output: "ok", durationMs: 1800 } },
];

const SCENE: Played[] = [
  {
    project: "checkout",
    name: "s-7a3f",
    driver: "user:manu",
    branch: "fix/webhook-retry",
    told: [...CONVERSATION, title("Retry the webhook three times, then park it")],
    minutesAgo: 4,
  },
  {
    project: "billing",
    name: "s-19c2",
    driver: "user:priya",
    branch: "feat/invoice-pdf",
    told: [
      start,
      say("Render invoices as PDF, one page each, with the QR code for the bank transfer"),
      ...run("b1", "bun test test/invoice"),
      title("Invoices as PDF"),
      {
        kind: "question.asked",
        body: {
          callId: "q9",
          questions: [
            {
              question: "Which paper size do customers in Canada get?",
              options: [{ label: "Letter" }, { label: "A4" }],
            },
          ],
        },
      },
    ],
    minutesAgo: 11,
  },
  {
    project: "etl",
    name: "s-b8d0",
    driver: "user:krishna",
    branch: "perf/parallel-load",
    told: [
      start,
      say("The nightly load takes 40 minutes. Find what waits for what."),
      title("Nightly load in parallel"),
      answer("Two of the five tables wait for a lock they do not need."),
      ...run("k1", "psql -f explain.sql"),
      say("Then split them"),
      {
        kind: "tool.call",
        text: "src/load/plan.ts",
        body: {
          callId: "k2",
          name: "Edit",
          kind: "edit",
          input: { file_path: "src/load/plan.ts" },
        },
      },
    ],
  },
  {
    project: "checkout",
    name: "s-5e11",
    driver: "user:priya",
    branch: "main",
    told: [
      start,
      say("Write the changelog for 4.2 from the merged pull requests"),
      ...run("p1", "git log"),
    ],
    minutesAgo: 1,
  },
  {
    project: "mobile",
    name: "s-aa04",
    driver: "user:krishna",
    branch: "chore/expo-54",
    told: [
      start,
      say("Upgrade Expo to 54"),
      title("Expo 54"),
      answer("Done, two screens need a look."),
      end(),
    ],
    minutesAgo: 38,
  },
  {
    project: "billing",
    name: "s-c3f7",
    driver: "user:manu",
    told: [start, say("Why was order 8812 charged twice?"), end("error")],
    minutesAgo: 95,
  },
  {
    project: "etl",
    name: "s-0d9e",
    driver: "user:manu",
    branch: "main",
    told: [
      start,
      say("Add a smoke test for the importer"),
      title("Smoke test for the importer"),
      ...run("m1", "bun test"),
      answer("The test is in, and it fails without the fix."),
      end(),
      { kind: "session.end", body: { reason: "exit" } },
    ],
    minutesAgo: 190,
  },
];

/** Sends all of it; answers the people, signed in with browsers. */
export async function playScene(
  polaris: Polaris,
): Promise<Record<"manu" | "krishna" | "priya", Person>> {
  const { db, caller } = polaris;
  const [krishna, priya] = [
    await person(db, caller.org, "krishna", "admin"),
    await person(db, caller.org, "priya", "member"),
  ];
  const manu = await person(db, caller.org, "manu", "owner");
  for (const { project, name, driver, branch, told, minutesAgo = 0 } of SCENE) {
    const machine = startMachine({ project, name });
    const last = Date.now() - minutesAgo * 60_000;
    const lines = told.map(({ kind, text, body = {}, sender, parent }, at) =>
      machine.line({
        at: new Date(last - (told.length - 1 - at) * 4000).toISOString(),
        kind,
        text,
        sender: sender ?? (kind === "user.message" ? driver : "agent:claude"),
        body: kind === "user.message" ? { origin: "user", ...body } : body,
        ...(parent ? { parent } : {}),
      }),
    );
    await polaris.ingest([machine.head({ driver, ...(branch ? { branch } : {}) }), ...lines]);
    const began = new Date(last - told.length * 4000);
    await polaris.database.admin`
      update sessions set last_event_at = ${new Date(last)}, created_at = ${began}
      where id = ${machine.session}`;
  }
  await polaris.database.admin`
    update projects p set last_event_at = (select max(last_event_at) from sessions where project_id = p.id)`;
  await polaris.call("/projects/checkout", {
    method: "PATCH",
    body: JSON.stringify({ name: "Checkout", tags: ["payments", "web"] }),
  });
  await fillHours(polaris);
  return { manu, krishna, priya };
}

/** A day of prompts, the same each time. */
async function fillHours({ database }: Polaris): Promise<void> {
  await database.admin`
    insert into activity (org_id, project_id, hour, prompts)
    select p.org_id, p.id, date_trunc('hour', now()) - make_interval(hours => h),
      (abs(hashtext(p.slug || h)) % 9) * (case when h between 2 and 10 then 1 else 0 end)
    from projects p, generate_series(1, 23) h`;
}
