/** A session as Claude Code makes one, told in our events: every kind once, in the order they come. */
import type { StoredEvent } from "../../src/wire/event.ts";
import type { Project, Session } from "../../src/wire/session.ts";

export const START = Date.parse("2026-11-20T16:39:28.000Z");

export interface Told {
  kind: string;
  text?: string;
  body?: Record<string, unknown>;
  sender?: string;
  parent?: string;
  cut?: true;
}

/** Numbers and stamps what is told: one event every four seconds, from `first`. */
export function events(told: Told[], first = 1): StoredEvent[] {
  return told.map(({ kind, text, body = {}, sender, parent, cut }, at) => {
    const seq = first + at;
    const time = new Date(START + seq * 4000).toISOString();
    return {
      seq,
      id: `01940000-0000-7000-8000-${String(seq).padStart(12, "0")}`,
      session: SESSION.id,
      sessionName: SESSION.name,
      at: time,
      receivedAt: time,
      sender: sender ?? (kind === "user.message" ? "user:manu" : "agent:claude"),
      kind,
      ...(text === undefined ? {} : { text }),
      body: kind === "user.message" ? { origin: "user", ...body } : body,
      ...(parent ? { parent } : {}),
      ...(cut ? { cut } : {}),
      source: { agent: "claude-code", version: "2.1.329", translator: 1, via: "transcript" },
    };
  });
}

export const SESSION: Session = {
  id: "01940000-0000-7000-8000-00000000abcd",
  project: "checkout",
  name: "s-7a3f",
  label: null,
  title: "Retry the webhook once, not forever",
  driver: "user:manu",
  agent: "agent:claude",
  state: "working",
  machine: "manu-laptop",
  cwd: "/home/manu/checkout",
  branch: "fix/webhook-retry",
  model: "claude-opus-5-5",
  prompts: 3,
  toolCalls: 6,
  lastPrompt: "Good. Now run the tests.",
  createdAt: new Date(START).toISOString(),
  lastEventAt: new Date(START + 140_000).toISOString(),
  endedAt: null,
  muted: false,
  lastSeq: 35,
};

export const PROJECT: Project = {
  id: "01940000-0000-7000-8000-00000000aaaa",
  slug: "checkout",
  name: "Checkout",
  visibility: "org",
  tags: ["payments"],
  retentionDays: null,
  pullRequests: true,
  archivedAt: null,
  advice: "members",
  lastSeq: 1204,
  sessions: 3,
  createdAt: new Date(START - 86_400_000 * 9).toISOString(),
  lastEventAt: SESSION.lastEventAt,
};

const ANSWER = `The webhook handler retries **forever** because \`retry()\` never looks at \`attempt\`.

## What happens
1. Stripe sends the event
2. \`handle()\` throws on a closed database connection
3. \`retry()\` calls itself with the same arguments

\`\`\`ts
export async function retry(job: Job): Promise<void> {
  if (job.attempt >= LIMIT) return park(job);
  await handle({ ...job, attempt: job.attempt + 1 });
}
\`\`\`

| attempt | waits | total |
|---|---:|---:|
| 1 | 0.5 s | 0.5 s |
| 2 | 1 s | 1.5 s |

- [x] find the loop
- [ ] write the failing test first

See [the retry guide](https://docs.example.com/retries).`;

const edit = (from: string, to: string) => ({
  file_path: "src/webhook/retry.ts",
  old_string: from,
  new_string: to,
});

export const CONVERSATION: Told[] = [
  {
    kind: "session.start",
    body: { source: "startup", model: "claude-opus-5-5", branch: "fix/webhook-retry" },
  },
  {
    kind: "user.message",
    text: "Why does the webhook retry forever?\nIt filled the queue again last night.",
  },
  {
    kind: "agent.thought",
    text: "The queue grows, so something re-enqueues. Look at retry.ts first.",
    body: { durationMs: 6200 },
  },
  {
    kind: "tool.call",
    text: "src/webhook/retry.ts",
    body: {
      callId: "c1",
      name: "Read",
      kind: "read",
      input: { file_path: "src/webhook/retry.ts" },
    },
  },
  {
    kind: "tool.result",
    body: {
      callId: "c1",
      status: "completed",
      output: "export async function retry(job) {\n  await handle(job);\n}",
      durationMs: 40,
    },
  },
  {
    kind: "tool.call",
    text: "retry\\(",
    body: {
      callId: "c2",
      name: "Grep",
      kind: "search",
      input: { pattern: "retry\\(", glob: "**/*.ts" },
    },
  },
  {
    kind: "tool.result",
    body: {
      callId: "c2",
      status: "completed",
      output: "src/webhook/retry.ts:4\nsrc/webhook/handle.ts:19",
      durationMs: 120,
    },
  },
  { kind: "agent.message", text: ANSWER },
  {
    kind: "usage",
    body: { inputTokens: 5210, outputTokens: 1180, cacheReadTokens: 48200, costUsd: 0.084 },
  },
  { kind: "turn.end", body: { reason: "end_turn" } },
  { kind: "user.message", text: "Fix it. Three attempts, then park the job." },
  {
    kind: "tool.call",
    text: "src/webhook/retry.ts",
    body: {
      callId: "c3",
      name: "Edit",
      kind: "edit",
      input: edit(
        "  await handle(job);\n}",
        "  if (job.attempt >= 3) return park(job);\n  await handle({ ...job, attempt: job.attempt + 1 });\n}",
      ),
    },
  },
  { kind: "permission.decision", body: { callId: "c3", decision: "accept", by: "user" } },
  {
    kind: "tool.result",
    body: {
      callId: "c3",
      status: "completed",
      output: "The file has been updated.",
      durationMs: 35,
      structured: {
        structuredPatch: [
          {
            oldStart: 4,
            newStart: 4,
            lines: [
              " export async function retry(job: Job) {",
              "-  await handle(job);",
              "+  if (job.attempt >= 3) return park(job);",
              "+  await handle({ ...job, attempt: job.attempt + 1 });",
              " }",
            ],
          },
        ],
      },
    },
  },
  {
    kind: "injection.queued",
    text: "Park it with the error attached, please: support reads those.",
    sender: "user:priya",
    body: { from: "user:priya", injection: "i1" },
  },
  { kind: "injection.delivered", body: { injection: "i1" } },
  {
    kind: "user.message",
    text: "Park it with the error attached, please: support reads those.",
    sender: "user:priya",
    body: { origin: "injected", from: "user:priya", injection: "i1" },
  },
  { kind: "injection.seen", body: { injection: "i1" } },
  {
    kind: "subagent.start",
    text: "Find who reads parked jobs",
    body: { agentId: "a1", agentType: "Explore", description: "Find who reads parked jobs" },
  },
  {
    kind: "tool.call",
    parent: "a1",
    text: "parked",
    body: { callId: "c4", name: "Grep", kind: "search", input: { pattern: "parked" } },
  },
  {
    kind: "tool.result",
    parent: "a1",
    body: { callId: "c4", status: "completed", output: "src/support/list.ts:8", durationMs: 88 },
  },
  { kind: "agent.message", parent: "a1", text: "Only `src/support/list.ts` reads them." },
  { kind: "subagent.end", body: { agentId: "a1" } },
  {
    kind: "tool.call",
    text: "rm -rf build",
    body: {
      callId: "c5",
      name: "Bash",
      kind: "execute",
      input: { command: "rm -rf build", description: "Remove the build folder" },
    },
  },
  {
    kind: "tool.result",
    body: {
      callId: "c5",
      status: "rejected",
      output: "User rejected tool use",
      feedback: "keep it, we need it",
    },
  },
  {
    kind: "agent.message",
    text: "Understood, the build folder stays. The job now parks after three attempts, **with its last error**.",
  },
  { kind: "turn.end", body: { reason: "end_turn" } },
  { kind: "user.message", text: "Good. Now run the tests." },
  {
    kind: "tool.call",
    text: "bun test test/webhook",
    body: {
      callId: "c6",
      name: "Bash",
      kind: "execute",
      input: { command: "bun test test/webhook" },
    },
  },
  {
    kind: "tool.result",
    body: {
      callId: "c6",
      status: "failed",
      output:
        "Exit code 1\n\u001b[31m✗ parks after three attempts\u001b[0m\nexpected 3, received 4\n 11 pass, 1 fail",
      durationMs: 4200,
    },
  },
  { kind: "error", text: "Overloaded", body: { status: 529, retryInMs: 2000, attempt: 1 } },
  {
    kind: "notice",
    text: "Context is 80 % full\nOldest tool results will be dropped first.",
    body: { kind: "context" },
  },
  {
    kind: "question.asked",
    body: {
      callId: "q1",
      questions: [
        {
          question: "Count the first try as an attempt?",
          options: [
            { label: "Yes", description: "three in all" },
            { label: "No", description: "one and three retries" },
          ],
        },
      ],
    },
  },
  {
    kind: "question.answered",
    body: { callId: "q1", answers: { "Count the first try as an attempt?": "Yes" } },
  },
  {
    kind: "other",
    text: "something new",
    body: { type: "queue-operation", data: { operation: "enqueue" } },
  },
  {
    kind: "permission.request",
    text: "git push origin fix/webhook-retry",
    body: { name: "Bash", input: { command: "git push origin fix/webhook-retry" } },
  },
];
