import type { z } from "zod";
import { AttentionAnswer } from "../wire/attention.ts";
import { AuditChain, AuditFilter, AuditPage } from "../wire/audit.ts";
import { CheckAnswer, Checks, Known, KnownAnswer } from "../wire/check.ts";
import { Brief, Context } from "../wire/context.ts";
import { IngestAnswer, IngestEvent, IngestHead } from "../wire/ingest.ts";
import { Injection } from "../wire/injection.ts";
import { Me } from "../wire/me.ts";
import { NewDomain, NewInvite, NewOrg, NewRole } from "../wire/org.ts";
import { Policy } from "../wire/policy.ts";
import { PullAsk, PullQuery, PullSummary } from "../wire/pull.ts";
import { Found, Search } from "../wire/search.ts";
import {
  Driver,
  Handoff,
  Inject,
  InjectionChange,
  Mute,
  NewProject,
  NewSession,
  ProjectChange,
} from "../wire/session.ts";
import { NewShare, Scope } from "../wire/share.ts";
import { DeviceAnswer, TokenAnswer } from "../wire/token.ts";
import { Usage, UsageQuery, UsageSettings } from "../wire/usage.ts";
import { NewWebhook } from "../wire/webhook.ts";

/** What the reference says of a route beyond what the route itself tells. */
export interface Operation {
  about: string;
  query?: z.ZodType;
  body?: z.ZodType;
  answer?: z.ZodType;
}

const SESSION = "/projects/:proj/sessions/:sess";

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  "GET /healthz": { about: "The process lives" },
  "GET /readyz": { about: "The database answers, and the server is not stopping" },
  "GET /me": { about: "Who this token is", answer: Me },
  "GET /openapi/json": { about: "This document" },

  "GET /projects": { about: "Projects you may see, by slug" },
  "POST /projects": { about: "Make a project; making it twice is no error", body: NewProject },
  "GET /projects/:proj": { about: "One project" },
  "PATCH /projects/:proj": {
    about: "Rename it, open or close it, set what it allows",
    body: ProjectChange,
  },
  "GET /projects/:proj/messages": { about: "Its events, a page at a time, by seq" },
  "GET /projects/:proj/events/:seq": { about: "One event, whole" },
  "GET /projects/:proj/events": {
    about: "Its events as they come (server-sent events, resumed by Last-Event-ID)",
  },
  "WS /projects/:proj/ws": { about: "Its events as they come (WebSocket, resumed by ?after=)" },
  "GET /projects/:proj/members": { about: "Who sees it while it is private" },
  "PUT /projects/:proj/members/:participant": { about: "Let somebody in" },
  "DELETE /projects/:proj/members/:participant": { about: "Take somebody out" },
  "GET /projects/:proj/context": {
    about: "What an agent should know of the project, within a size",
    answer: Context,
  },
  "GET /projects/:proj/brief": { about: "A brief of the project", answer: Brief },

  "GET /sessions": { about: "Sessions of all projects, the last active first" },
  "GET /projects/:proj/sessions": { about: "A project's sessions, the last active first" },
  "POST /projects/:proj/sessions": { about: "Begin a session", body: NewSession },
  [`GET ${SESSION}`]: { about: "One session, and how complete its record is" },
  [`GET ${SESSION}/messages`]: { about: "Its events, a page at a time" },
  [`GET ${SESSION}/events`]: { about: "Its events as they come (server-sent events)" },
  [`WS ${SESSION}/ws`]: { about: "Its events as they come (WebSocket)" },
  [`POST ${SESSION}/events`]: {
    about: "Write events: a hook's own JSON, or our envelope; one or a list",
  },
  [`POST ${SESSION}/inject`]: { about: "Advise the running session", body: Inject },
  [`GET ${SESSION}/injections`]: { about: "Its advice, with receipts" },
  [`GET ${SESSION}/injections/:id`]: { about: "One piece of advice", answer: Injection },
  [`PATCH ${SESSION}/injections/:id`]: {
    about: "Change advice that is still waiting",
    body: InjectionChange,
  },
  [`DELETE ${SESSION}/injections/:id`]: { about: "Take advice back that is still waiting" },
  [`POST ${SESSION}/driver`]: { about: "Take the seat, or give it", body: Driver },
  [`POST ${SESSION}/handoff`]: { about: "Leave the seat", body: Handoff },
  [`POST ${SESSION}/mute`]: { about: "No advice for now", body: Mute },
  [`GET ${SESSION}/brief`]: { about: "A brief of the session", answer: Brief },
  [`GET ${SESSION}/commits`]: { about: "Commits made while it ran" },
  [`POST ${SESSION}/pull`]: {
    about: "Have its machine tell its pull request of it",
    body: PullAsk,
  },
  [`GET ${SESSION}/export`]: {
    about: "The session as a file: Markdown, JSON lines, one HTML page",
    query: Scope,
  },
  [`GET ${SESSION}/shares`]: { about: "Links that show it" },
  [`POST ${SESSION}/shares`]: {
    about: "Make a link that shows it, or a stretch of it, until it ends",
    body: NewShare,
  },

  "POST /ingest": {
    about: "A recorder's batch: newline-delimited JSON, the first line the head",
    body: IngestHead.extend({ events: IngestEvent.array() }),
    answer: IngestAnswer,
  },
  "POST /ingest/checks": {
    about: "Compare what a recorder and the server hold",
    body: Checks,
    answer: CheckAnswer,
  },
  "POST /projects/:proj/known": {
    about: "Which of these events are missing here",
    body: Known,
    answer: KnownAnswer,
  },

  "GET /search": { about: "Find events by words and filters", query: Search, answer: Found },
  "GET /attention": {
    about: "What waits for you or names you, since a moment",
    answer: AttentionAnswer,
  },
  "GET /usage": {
    about: "Prompts, tokens, cost, tools, files and waiting, by what you ask; JSON or CSV",
    query: UsageQuery,
    answer: Usage,
  },
  "PUT /usage/settings": {
    about: "Whether figures by person are told to the organisation",
    body: UsageSettings,
  },
  "GET /shares": { about: "All links of sessions you may see" },
  "DELETE /shares/:id": { about: "End a link: its page and streams within a second" },
  "GET /share/:secret": { about: "A shared session, as a page" },
  "GET /share/:secret/events": { about: "Tells that there is more on a shared page" },
  "POST /pulls/summary": {
    about: "What a pull request is told of the sessions behind it",
    body: PullQuery,
    answer: PullSummary,
  },

  "GET /webhooks": { about: "Who is told of what happens" },
  "POST /webhooks": {
    about: "Tell somebody of what happens, by signed requests; the secret is shown once",
    body: NewWebhook,
  },
  "DELETE /webhooks/:id": { about: "Stop telling them" },
  "GET /webhooks/:id/messages": { about: "What was sent to them, and how it went" },
  "POST /webhooks/:id/test": { about: "Send a ping" },
  "POST /webhooks/:id/messages/:message/retry": { about: "Send a message once more, now" },

  "GET /orgs": { about: "Your organisations" },
  "POST /orgs": { about: "Make an organisation", body: NewOrg },
  "PATCH /orgs/:org": { about: "Rename it", body: NewOrg },
  "POST /orgs/:org/switch": { about: "Go to another organisation (browsers)" },
  "GET /orgs/policy": { about: "What its recorders take for secrets, and what not" },
  "PUT /orgs/policy": { about: "Say what they take for secrets", body: Policy },
  "GET /orgs/members": { about: "Its people" },
  "PATCH /orgs/members/:participant": { about: "Change a role", body: NewRole },
  "DELETE /orgs/members/:participant": { about: "Remove somebody" },
  "POST /orgs/leave": { about: "Leave it" },
  "GET /orgs/invites": { about: "Open invitations" },
  "POST /orgs/invites": { about: "Invite somebody", body: NewInvite },
  "DELETE /orgs/invites/:id": { about: "Take an invitation back" },
  "GET /orgs/domains": { about: "Domains whose people join by themselves" },
  "PUT /orgs/domains/:domain": { about: "Add a domain", body: NewDomain.omit({ domain: true }) },
  "DELETE /orgs/domains/:domain": { about: "Take a domain out" },
  "GET /audit": {
    about: "Who did what that mattered, newest first",
    query: AuditFilter,
    answer: AuditPage,
  },
  "GET /audit/chain": {
    about: "Walk your organisation's chain of hashes: whole, or which row is not",
    answer: AuditChain,
  },
  "GET /audit/export": { about: "The audit as a file: CSV or JSON lines", query: AuditFilter },
  "POST /audit/verifications": {
    about: "Walk every organisation's chain of hashes (the server's own machine)",
  },

  "GET /devices": { about: "What you are signed in on" },
  "DELETE /devices/:id": { about: "Sign a device out" },
  "GET /tokens": { about: "Your API tokens" },
  "POST /tokens": { about: "Make an API token; it is shown once" },
  "DELETE /tokens/:id": { about: "Revoke an API token" },
  "POST /auth/token": { about: "Machines' tokens (RFC 6749)", answer: TokenAnswer },
  "POST /auth/device": { about: "Begin to sign a machine in (RFC 8628)", answer: DeviceAnswer },
  "POST /auth/revoke": { about: "Give a machine's token up (RFC 7009)" },
  "GET /auth/providers": { about: "Whom people may sign in with" },
};
