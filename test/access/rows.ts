import { startMachine } from "../helpers/polaris.ts";
import type { Actor } from "./actors.ts";
import * as targets from "./targets.ts";

/**
 * How the access matrix calls each route. Who may is not said here: that follows from what the route asks for
 * (`guard.ts`) and, for routes with `:proj`, from who sees the project. What a route refuses beyond that is said, and
 * expected of everybody. A new route needs a row here, a form with several acts one for each.
 */
export interface Row {
  /** A function makes a new one for each call. */
  body?: object | ((actor: Actor) => object);
  /** A page's form instead: refused when another site's page sends it, also where anyone may come. */
  form?: Record<string, string>;
  query?: string;
  /** Fills the address's other parameters, and the form. */
  target?: targets.Target;
  /**
   * Whose the target is: of the organisation the projects are in (default), so that others find nothing; there of a
   * person who is none of those who call, so that only admins find it; or nobody's yet.
   */
  of?: "org" | "person" | "nobody";
  /** Makes the project when it is absent; called after those that do not. */
  makes?: true;
  /** Only for the project's members, and admins; API tokens need the scope admin. */
  manages?: true;
  /** The act on a page asks for more than the page. */
  needs?: "admin" | "inject" | "ingest";
  /** Which kinds of callers alone may; default all. "admin token" is an API token with the scope admin. */
  kinds?: ("browser" | "machine" | "admin token")[];
  /** Asks for nothing, but sends who has no browser's session to the sign-in. */
  session?: true;
  /** Signs its caller out: called last, each time by somebody new. */
  ends?: true;
  /** A status besides 2xx that means "you may": a redirect, a conflict. */
  ok?: number[];
}

const BROWSER: Row["kinds"] = ["browser"];
const PEOPLE: Row["kinds"] = ["browser", "machine"];
const TRUSTED: Row["kinds"] = ["browser", "machine", "admin token"];

export const ROWS: Record<string, Row | Row[]> = {
  "GET /healthz": {},
  "GET /readyz": {},
  "GET /me": {},
  "GET /metrics": {},
  "POST /status": {},

  // Coming in and going out.
  "POST /auth/claims": { ok: [409] },
  "POST /auth/links": { body: { email: "manu@example.com" } },
  "GET /claim": { ok: [303, 410] },
  "POST /claim": { form: { code: "none" }, ok: [410] },
  "GET /sign-in": {},
  "GET /auth/providers": {},
  "GET /auth/:provider/start": { ok: [404] },
  "GET /auth/:provider/callback": { ok: [404] },
  "GET /app/welcome": { session: true },
  "POST /app/welcome": { form: { name: "Made" }, session: true, ok: [303] },
  "POST /auth/signout": { ends: true, ok: [303] },
  "POST /auth/signout/everywhere": { kinds: PEOPLE, ends: true, ok: [303] },

  // Machines, and who lets them in. Which secrets are taken is in test/server/tokens.test.ts.
  "POST /auth/token": { ok: [400] },
  "POST /auth/device": { body: { device_name: "laptop" } },
  "POST /auth/revoke": { body: { token: "none" } },
  "GET /auth/device": { kinds: BROWSER },
  "POST /auth/device/decision": {
    target: targets.waiting,
    of: "nobody",
    form: { decision: "approve" },
    kinds: BROWSER,
  },
  "GET /auth/authorize": { query: `?${new URLSearchParams(wish())}`, kinds: BROWSER },
  "POST /auth/authorize": {
    form: { ...wish(), decision: "approve" },
    kinds: BROWSER,
    ok: [303],
  },

  // What one is signed in on.
  "GET /devices": [{}, { query: "?all=true", needs: "admin" }],
  "DELETE /devices/:id": { target: targets.device, of: "person", kinds: TRUSTED },
  "GET /tokens": [{}, { query: "?all=true", needs: "admin" }],
  "POST /tokens": {
    body: ({ is }) => ({ name: "made", scopes: [is?.scopes[0] ?? "read"] }),
    kinds: ["browser", "admin token"],
  },
  "DELETE /tokens/:id": { target: targets.token, of: "person", kinds: TRUSTED },
  "GET /app/settings/devices": {},
  "POST /app/settings/devices": {
    target: targets.device,
    form: {},
    of: "person",
    kinds: TRUSTED,
    ok: [303],
  },
  "GET /app/settings/tokens": {},
  "POST /app/settings/tokens": [
    { form: { name: "made", scope: "read" }, kinds: ["browser", "admin token"] },
    { target: targets.token, form: { act: "revoke" }, of: "person", kinds: TRUSTED, ok: [303] },
  ],

  // The organisation and its people.
  "GET /orgs": {},
  "POST /orgs": { body: { name: "Made" }, kinds: PEOPLE },
  "PATCH /orgs/:org": { target: targets.org, body: { name: "Home" } },
  "POST /orgs/:org/switch": {
    target: targets.org,
    kinds: BROWSER,
    ends: true,
    ok: [303],
  },
  "GET /orgs/policy": {},
  "PUT /orgs/policy": { body: { patterns: [], allow: [] } },
  "GET /orgs/members": {},
  "PATCH /orgs/members/:participant": { target: targets.member, body: { role: "viewer" } },
  "DELETE /orgs/members/:participant": { target: targets.member },
  "POST /orgs/leave": { kinds: PEOPLE, ends: true },
  "GET /orgs/invites": {},
  "POST /orgs/invites": { body: { role: "member" } },
  "DELETE /orgs/invites/:id": { target: targets.invite },
  "GET /orgs/domains": {},
  // Verified addresses are example.com's, and the first organisation to add it has it.
  "PUT /orgs/domains/:domain": {
    target: async () => ({ domain: "example.com" }),
    of: "nobody",
    kinds: PEOPLE,
    ok: [409],
  },
  "DELETE /orgs/domains/:domain": { target: targets.domain },
  "GET /app/settings": { ok: [303] },
  "GET /app/settings/members": {},
  "POST /app/settings/members": [
    { form: { act: "invite", role: "member" }, needs: "admin" },
    { target: targets.invite, form: { act: "revoke" }, needs: "admin", ok: [303] },
    { target: targets.member, form: { act: "role", role: "viewer" }, needs: "admin", ok: [303] },
    { target: targets.member, form: { act: "remove" }, needs: "admin", ok: [303] },
    { target: targets.domain, form: { act: "domain-remove" }, needs: "admin", ok: [303] },
    { form: { act: "rename", name: "Home" }, needs: "admin", ok: [303] },
    { form: { act: "leave" }, kinds: PEOPLE, ends: true, ok: [303] },
  ],

  // Named agents. Only who speaks as one has an inbox: test/slack/agents.test.ts.
  "GET /orgs/agents": {},
  "POST /orgs/agents": { body: () => ({ name: `made-${crypto.randomUUID().slice(0, 8)}` }) },
  "GET /orgs/agents/:agent": { target: targets.agent },
  "PATCH /orgs/agents/:agent": { target: targets.agent, body: { display: "Dean" } },
  "DELETE /orgs/agents/:agent": { target: targets.agent },
  "GET /agents/inbox": { kinds: [] },
  "GET /agents/inbox/events": { kinds: [] },
  "POST /agents/inbox/:id/answers": { target: targets.unknown, body: { text: "yes" }, kinds: [] },
  "GET /app/settings/agents": {},
  "POST /app/settings/agents": [
    {
      target: targets.freeAgent,
      of: "nobody",
      form: { act: "create" },
      needs: "admin",
      ok: [303],
    },
    {
      target: targets.agentNamed,
      form: { act: "change", display: "Dean" },
      needs: "admin",
      ok: [303],
    },
    { target: targets.agentNamed, form: { act: "remove" }, needs: "admin", ok: [303] },
  ],

  // Slack: how it looks there, and who its people are. No workspace is connected here (409).
  "GET /orgs/slack/wishes": { ok: [409] },
  "PATCH /orgs/slack/wishes": { body: { layout: "feed" }, ok: [409] },
  "GET /orgs/slack/people": {},
  "PUT /orgs/slack/people/:person": { target: targets.slackPerson, body: { participant: null } },
  "DELETE /orgs/slack/people/:person": { target: targets.slackPerson },
  "GET /app/settings/slack/people": { needs: "admin" },
  "POST /app/settings/slack/people": [
    { target: targets.slackPerson, form: { act: "link" }, needs: "admin", ok: [303] },
    { form: { act: "wish", layout: "feed" }, needs: "admin", ok: [409] },
  ],
  "GET /projects/:proj/slack": {},
  "PATCH /projects/:proj/slack": { body: { layout: "feed" }, manages: true, ok: [409] },
  "PATCH /projects/:proj/sessions/:sess/slack": { body: { verbosity: "quiet" } },

  // Slack: no workspace is connected here, and Slack itself is away.
  "GET /orgs/slack": {},
  "DELETE /orgs/slack": { ok: [409] },
  "POST /orgs/slack/checks": {},
  "PUT /orgs/slack/app": { body: { clientId: "1.2", clientSecret: "secret" }, ok: [409] },
  "POST /orgs/slack/app": { body: { token: "xoxe.xoxp-1" }, ok: [503] },
  "GET /slack/connect": { kinds: BROWSER, ok: [303, 409] },
  "GET /slack/callback": { kinds: BROWSER, ok: [410] },
  "PUT /projects/:proj/slack/channel": { body: { channel: "C0123ABCD" }, ok: [409] },
  "DELETE /projects/:proj/slack/channel": {},
  "GET /app/settings/slack": {},
  "POST /app/settings/slack": [
    { form: { act: "test" }, needs: "admin" },
    { form: { act: "disconnect" }, needs: "admin", ok: [409] },
  ],

  // Projects and their sessions.
  "GET /projects": {},
  "POST /projects": { body: { slug: "made" } },
  "PATCH /projects/:proj": { body: { name: "Renamed" }, manages: true },
  // What it does when it is confirmed is in test/web/project.test.ts.
  "DELETE /projects/:proj": { query: "?confirm=no", ok: [400] },
  "GET /projects/:proj": {},
  "GET /projects/:proj/messages": {},
  "GET /projects/:proj/events/:seq": {},
  "GET /projects/:proj/events": {},
  "GET /projects/:proj/ws": {},
  "GET /projects/:proj/members": {},
  "PUT /projects/:proj/members/:participant": { manages: true },
  "DELETE /projects/:proj/members/:participant": { manages: true },
  "GET /projects/:proj/context": {},
  "GET /projects/:proj/brief": {},
  "GET /projects/:proj/sessions/:sess/brief": {},
  "GET /sessions": {},
  "GET /projects/:proj/sessions": {},
  "POST /projects/:proj/sessions": { body: { name: "s-0001" }, makes: true },
  "GET /projects/:proj/sessions/:sess": {},
  "PATCH /projects/:proj/sessions/:sess": { body: { label: "Renamed" } },
  "GET /projects/:proj/sessions/:sess/outline": {},
  "GET /projects/:proj/sessions/:sess/messages": {},
  "GET /projects/:proj/sessions/:sess/events": {},
  "GET /projects/:proj/sessions/:sess/ws": {},
  "POST /projects/:proj/sessions/:sess/events": {
    body: { sender: "agent:claude", kind: "notice", text: "hello" },
    makes: true,
  },
  "POST /projects/:proj/sessions/:sess/inject": { body: { text: "advice" } },
  "GET /projects/:proj/sessions/:sess/injections": {},
  // One that the agent has seen: nobody changes it any more, who may change others is in test/advice/.
  "GET /projects/:proj/sessions/:sess/injections/:id": { target: targets.injection },
  "PATCH /projects/:proj/sessions/:sess/injections/:id": {
    target: targets.injection,
    body: { text: "other words" },
    ok: [409],
  },
  "DELETE /projects/:proj/sessions/:sess/injections/:id": { target: targets.injection, ok: [409] },
  "POST /projects/:proj/sessions/:sess/injections/:id/held": { target: targets.injection },
  // Somebody else drives: whose seat it is is told only to who may ask.
  "POST /projects/:proj/sessions/:sess/driver": { body: {}, ok: [409] },
  "POST /projects/:proj/sessions/:sess/handoff": { body: {}, ok: [409] },
  "POST /projects/:proj/sessions/:sess/mute": { body: { muted: false }, ok: [409] },
  "POST /projects/:proj/sessions/:sess/pull": { body: {}, ok: [409] },
  // A project in the head: blocked or not is in test/access/private.test.ts.
  "POST /ingest": { body: batch },
  "POST /ingest/checks": { body: checks },
  "POST /projects/:proj/known": { body: { ids: [] } },
  // The matrix puts the project in.
  "GET /live/sessions": {},
  "GET /search": [{ query: "?project=:proj&q=prompt" }, { query: "?q=prompt" }],
  "GET /projects/:proj/removals": {},
  "POST /removals": { body: { person: "user:nobody" } },
  "GET /audit": {},
  "GET /audit/chain": {},
  "GET /audit/export": [{}, { query: "?format=jsonl" }],
  "GET /app/settings/audit": { needs: "admin" },
  "POST /app/settings/audit": { form: { act: "verify" }, needs: "admin" },
  "POST /audit/verifications": {},

  // Pages.
  "GET /assets/*": { ok: [404] },
  "GET /favicon.ico": { ok: [302] },
  "GET /": {},
  "GET /app": {},
  "GET /app/projects": {},
  "POST /app/projects": { form: { slug: "made" }, needs: "ingest", ok: [303] },
  "GET /app/p/:proj/settings": [{}, { query: "?retentionDays=30" }],
  "POST /app/p/:proj/settings": [
    { form: { act: "change", name: "Renamed" }, needs: "ingest", manages: true, ok: [303] },
    { form: { act: "delete", confirm: "no" }, needs: "admin", ok: [400] },
    { form: { act: "wish", layout: "feed" }, needs: "ingest", manages: true, ok: [409] },
    { form: { act: "slack-link", channel: "C0123ABCD" }, needs: "admin", ok: [409] },
    { form: { act: "slack-anew" }, needs: "admin", ok: [303] },
    { form: { act: "slack-again" }, needs: "admin", ok: [303] },
  ],
  "GET /app/search": [{ query: "?project=:proj&q=prompt" }, { query: "?q=prompt" }],
  "GET /projects/:proj/sessions/:sess/export": [{}, { query: "?format=html" }],
  "GET /projects/:proj/sessions/:sess/commits": {},
  "POST /pulls/summary": { body: { repository: "github.com/acme/shop", shas: [] } },
  "GET /robots.txt": {},
  "GET /sitemap.xml": {},
  "GET /openapi": {},
  "GET /openapi/json": {},
  "GET /attention": {},
  "GET /webhooks": {},
  "POST /webhooks": { body: { url: "https://example.com/hook", kinds: ["error"] } },
  "DELETE /webhooks/:id": { target: targets.webhook },
  "GET /webhooks/:id/messages": { target: targets.webhook },
  "POST /webhooks/:id/test": { target: targets.webhook },
  "POST /webhooks/:id/messages/:message/retry": { target: targets.webhook },
  "GET /app/settings/webhooks": { needs: "admin" },
  "POST /app/settings/webhooks": [
    { form: { url: "https://example.com/hook", kind: "error" }, needs: "admin" },
    { target: targets.webhook, form: { act: "remove" }, needs: "admin", ok: [303] },
  ],
  "GET /shares": {},
  "DELETE /shares/:id": { target: targets.share, of: "person" },
  "GET /projects/:proj/sessions/:sess/shares": {},
  "POST /projects/:proj/sessions/:sess/shares": { body: {}, kinds: TRUSTED },
  "GET /app/p/:proj/s/:sess/share": {},
  "POST /app/p/:proj/s/:sess/share": { form: { act: "create" }, kinds: TRUSTED, needs: "inject" },
  "GET /share/:secret": { ok: [410] },
  "GET /share/:secret/events": { ok: [410] },
  "GET /usage": [{ query: "?project=:proj" }, { query: "?by=person&format=csv" }],
  "PUT /usage/settings": { body: { byPerson: false } },
  "GET /app/usage": [{ query: "?project=:proj" }, {}],
  "POST /app/usage": { form: { byPerson: "no" }, needs: "admin", ok: [303] },
  "GET /app/p/:proj": {},
  "GET /app/p/:proj/s/:sess": {},
  "GET /app/*": { ok: [404] },
};

function batch(): object {
  const machine = startMachine({ project: "made" });
  return { ...JSON.parse(machine.head()), events: [JSON.parse(machine.line())] };
}

/** What `polaris login` opens in a browser. */
function wish(): Record<string, string> {
  return {
    response_type: "code",
    client_id: "polaris-cli",
    redirect_uri: "http://127.0.0.1:4999/callback",
    code_challenge: "x".repeat(43),
    code_challenge_method: "S256",
    state: "x".repeat(22),
  };
}

function checks(): object {
  const check = { from: 1, to: 1, floor: 1, count: 0, hash: "0".repeat(64) };
  return {
    machine: crypto.randomUUID(),
    checks: [{ ...check, session: crypto.randomUUID() }],
  };
}
