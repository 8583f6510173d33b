import { startMachine } from "../helpers/polaris.ts";

/**
 * How the access matrix calls each route. Who may is not said here: that follows from what the route asks for
 * (`guard.ts`) and, for routes with `:proj`, from who sees the project. A new route needs a row here.
 */
export interface Row {
  /** A function makes a new one for each call. */
  body?: object | (() => object);
  query?: string;
  /** Makes the project when it is absent; called after those that do not. */
  makes?: true;
  /** Only for the project's members, and admins; API tokens need the scope admin. */
  manages?: true;
  /** Signs its caller out: called last, each time by somebody new. */
  ends?: true;
  /** A status besides 2xx that means "you may": a redirect, a conflict. */
  ok?: number[];
}

export const ROWS: Record<string, Row> = {
  "GET /healthz": {},
  "GET /readyz": {},
  "GET /me": {},
  "POST /auth/claims": { ok: [409] },
  "GET /claim": { ok: [303, 410] },
  "POST /claim": { ok: [410] },
  "GET /sign-in": {},
  "POST /auth/signout": { ends: true, ok: [303] },
  "GET /projects": {},
  "POST /projects": { body: { slug: "made" } },
  "PATCH /projects/:proj": { body: { name: "Renamed" }, manages: true },
  "GET /projects/:proj": {},
  "GET /projects/:proj/messages": {},
  "GET /projects/:proj/events/:seq": {},
  "GET /projects/:proj/events": {},
  "GET /projects/:proj/ws": {},
  "GET /projects/:proj/members": {},
  "PUT /projects/:proj/members/:participant": { manages: true },
  "DELETE /projects/:proj/members/:participant": { manages: true },
  "GET /projects/:proj/sessions": {},
  "POST /projects/:proj/sessions": { body: { name: "s-0001" }, makes: true },
  "GET /projects/:proj/sessions/:sess": {},
  "GET /projects/:proj/sessions/:sess/messages": {},
  "GET /projects/:proj/sessions/:sess/events": {},
  "GET /projects/:proj/sessions/:sess/ws": {},
  "POST /projects/:proj/sessions/:sess/events": {
    body: { sender: "agent:claude", kind: "notice", text: "hello" },
    makes: true,
  },
  "POST /projects/:proj/sessions/:sess/inject": { body: { text: "advice" } },
  "POST /projects/:proj/sessions/:sess/driver": { body: {}, ok: [409] },
  "POST /projects/:proj/sessions/:sess/handoff": { body: {} },
  // A project in the head: blocked or not is in test/access/private.test.ts.
  "POST /ingest": { body: batch },
  "POST /ingest/checks": { body: checks },
  "POST /projects/:proj/known": { body: { ids: [] } },
  // The matrix puts the project in.
  "GET /search": { query: "?project=:proj&q=prompt" },
  "GET /audit": {},
  "POST /audit/verifications": {},
  "GET /assets/*": { ok: [404] },
  "GET /favicon.ico": { ok: [302] },
  "GET /": {},
  "GET /app": {},
  "GET /app/p/:proj": {},
  "GET /app/p/:proj/s/:sess": {},
  "GET /app/*": { ok: [404] },
};

function batch(): object {
  const machine = startMachine({ project: "made" });
  return { ...JSON.parse(machine.head()), events: [JSON.parse(machine.line())] };
}

function checks(): object {
  const check = { from: 1, to: 1, floor: 1, count: 0, hash: "0".repeat(64) };
  return {
    machine: crypto.randomUUID(),
    checks: [{ ...check, session: crypto.randomUUID() }],
  };
}
