import type { ServerWebSocket } from "bun";

// biome-ignore lint/suspicious/noExplicitAny: Slack payloads are open-ended JSON
export type Json = Record<string, any>;

// ---------------------------------------------------------------- options

export interface SeedUser {
  id?: string | undefined;
  name: string;
  realName?: string | undefined;
  email?: string | undefined;
  isBot?: boolean | undefined;
  deleted?: boolean | undefined;
  isRestricted?: boolean | undefined;
  isAdmin?: boolean | undefined;
  /** The workspace they belong to, when it is another company's and they are here by Slack Connect only. */
  home?: string | undefined;
}
export interface SeedTeam {
  id?: string | undefined;
  name: string;
  domain?: string | undefined;
  users?: SeedUser[];
  channels?: { name: string; private?: boolean; members?: string[] }[];
  restrictChannelCreation?: boolean | undefined;
  agentSessions?: boolean | undefined;
}
export interface FakeSlackOptions {
  port?: number | undefined;
  hostname?: string | undefined;
  teams?: SeedTeam[];
  app?: {
    id?: string | undefined;
    name?: string | undefined;
    clientId?: string | undefined;
    clientSecret?: string | undefined;
    appToken?: string | undefined;
    configToken?: string | undefined;
    redirectUrls?: string[] | undefined;
    botEvents?: string[] | undefined;
    tokenRotation?: boolean | undefined;
  };
  /** What the consent page does: answer at once (default), refuse, or render a page with one link per workspace. */
  consent?: "approve" | "deny" | "page";
  /** false: never 429. true: Slack's published tiers. */
  rateLimits?: boolean | undefined;
  /** Burst allowed above 1 message/second/channel (unpublished; assumed). */
  postBurst?: number | undefined;
  /** Workspace-wide chat.postMessage per minute (unpublished; assumed). */
  teamPostsPerMinute?: number | undefined;
  /** How long an envelope may stay unacked before it counts as failed. */
  ackTimeoutMs?: number | undefined;
  /** Delays before redelivery 1..n of an unacked Events API envelope. HTTP's documented ones: ~0, 60 s, 300 s. */
  retryDelaysMs?: number[];
  pingIntervalMs?: number | undefined;
  approximateConnectionTime?: number | undefined;
  /** Reserve names of deleted channels (archived ones are always reserved). */
  reserveDeletedNames?: boolean | undefined;
  /** Base URL of a third-party Slack emulator to answer Web API and OAuth calls. */
  upstream?: string | undefined;
  /** user id -> user token, for messages "typed" by humans in gateway mode. */
  upstreamUserTokens?: Record<string, string>;
  now?: () => number;
  log?: ((line: string) => void) | undefined;
}

// ---------------------------------------------------------------- model

export interface User {
  id: string;
  team: string;
  name: string;
  realName: string;
  email?: string | undefined;
  isBot: boolean;
  deleted: boolean;
  isRestricted: boolean;
  isAdmin: boolean;
  home?: string | undefined;
}
export interface Channel {
  id: string;
  team: string;
  name: string;
  isPrivate: boolean;
  isIm: boolean;
  isArchived: boolean;
  isDeleted: boolean;
  creator: string;
  created: number;
  members: Set<string>;
  topic: string;
  purpose: string;
  previousNames: string[];
  messages: Json[];
}
export interface Install {
  team: string;
  token: string;
  botUserId: string;
  botId: string;
  scopes: Set<string>;
  refreshToken?: string | undefined;
  installer: string;
}
export interface Team {
  id: string;
  name: string;
  domain: string;
  users: Map<string, User>;
  channels: Map<string, Channel>;
  reserved: Set<string>;
  restrictChannelCreation: boolean;
  agentSessions: boolean;
  install?: Install | undefined;
}
export interface Token {
  value: string;
  kind: "bot" | "user" | "app" | "config";
  team: string;
  scopes: Set<string>;
  user: string;
  botId?: string | undefined;
  revoked: boolean;
  expiresAt?: number | undefined;
}
export interface Conn {
  id: number;
  ws: ServerWebSocket<ConnData>;
  openedAt: number;
  clientPings: number;
  clientPongs: number;
  closing: boolean;
}
export interface ConnData {
  ticket: string;
  conn?: Conn;
}
export interface Attempt {
  envelopeId: string;
  conn: number;
  at: number;
}
export interface Delivery {
  type: "events_api" | "slash_commands" | "interactive";
  key: string;
  payload: Json;
  attempts: Attempt[];
  state: "pending" | "acked" | "lost";
  ackedAt?: number | undefined;
  ackPayload?: Json;
  settled: Promise<Delivery>;
}
export interface PendingDelivery extends Delivery {
  settle: (d: Delivery) => void;
  timer?: Timer | undefined;
  acceptsPayload: boolean;
}
export interface Fault {
  times?: number | undefined;
  status?: number | undefined;
  error?: string | undefined;
  retryAfter?: number | undefined;
  delayMs?: number /** run the method first, then fail: the request took effect but the caller cannot know */;
  apply?: boolean | undefined;
  match?: (args: Json) => boolean;
}
export interface RequestLog {
  at: number;
  method: string;
  args: Json;
  token?: string | undefined;
  status: number;
  ok: boolean;
  error?: string | undefined;
}

export class Fail extends Error {
  readonly code: string;
  readonly extra: Json;
  constructor(code: string, extra: Json = {}) {
    super(code);
    this.code = code;
    this.extra = extra;
  }
}
export class RateLimited extends Error {
  readonly retryAfter: number;
  constructor(retryAfter: number) {
    super("ratelimited");
    this.retryAfter = retryAfter;
  }
}

/** Requests per minute for Slack's published tiers; "special" has its own rules. */
export const TIER: Record<string, number> = { "1": 1, "2": 20, "3": 50, "4": 100, special: 600 };
/** [tier, any of these bot scopes]. No scopes: any valid token will do. */
export const METHODS: Record<string, [tier: string, scopes?: string[]]> = {
  "api.test": ["4"],
  "auth.test": ["special"],
  "auth.revoke": ["3"],
  "apps.connections.open": ["3"],
  "apps.uninstall": ["1"],
  "apps.manifest.create": ["1"],
  "apps.manifest.validate": ["3"],
  "apps.manifest.export": ["3"],
  "oauth.v2.access": ["special"],
  "team.info": ["3", ["team:read"]],
  "bots.info": ["3", ["users:read"]],
  "users.list": ["2", ["users:read"]],
  "users.info": ["4", ["users:read"]],
  "users.lookupByEmail": ["3", ["users:read.email"]],
  "users.conversations": ["3", ["channels:read", "groups:read"]],
  "conversations.create": ["2", ["channels:manage", "channels:write", "groups:write"]],
  "conversations.list": ["2", ["channels:read", "groups:read"]],
  "conversations.info": ["3", ["channels:read", "groups:read"]],
  "conversations.members": ["4", ["channels:read", "groups:read"]],
  "conversations.join": ["3", ["channels:join"]],
  "conversations.leave": ["3", ["channels:manage", "channels:write", "groups:write"]],
  "conversations.invite": [
    "3",
    ["channels:manage", "channels:write.invites", "groups:write", "groups:write.invites"],
  ],
  "conversations.kick": ["3", ["channels:manage", "groups:write"]],
  "conversations.rename": ["2", ["channels:manage", "channels:write", "groups:write"]],
  "conversations.setTopic": [
    "2",
    ["channels:manage", "channels:write.topic", "groups:write", "groups:write.topic"],
  ],
  "conversations.setPurpose": [
    "2",
    ["channels:manage", "channels:write.topic", "groups:write", "groups:write.topic"],
  ],
  "conversations.archive": ["2", ["channels:manage", "channels:write", "groups:write"]],
  "conversations.unarchive": ["2", ["channels:manage", "channels:write", "groups:write"]],
  "conversations.history": ["3", ["channels:history", "groups:history", "im:history"]],
  "conversations.replies": ["3", ["channels:history", "groups:history", "im:history"]],
  "conversations.open": ["3", ["im:write", "mpim:write", "channels:manage"]],
  "chat.postMessage": ["special", ["chat:write"]],
  "chat.update": ["3", ["chat:write"]],
  "chat.delete": ["3", ["chat:write"]],
  "chat.postEphemeral": ["4", ["chat:write"]],
  "chat.getPermalink": ["special"],
  "chat.startStream": ["2", ["chat:write"]],
  "chat.appendStream": ["4", ["chat:write"]],
  "chat.stopStream": ["2", ["chat:write"]],
  "reactions.add": ["3", ["reactions:write"]],
  "reactions.remove": ["2", ["reactions:write"]],
  "pins.add": ["2", ["pins:write"]],
  "bookmarks.add": ["2", ["bookmarks:write"]],
  "files.getUploadURLExternal": ["4", ["files:write"]],
  "files.completeUploadExternal": ["4", ["files:write"]],
  "files.info": ["4", ["files:read"]],
  "views.publish": ["4"],
  "views.open": ["4"],
  "views.update": ["4"],
  "assistant.threads.setStatus": ["special", ["chat:write", "assistant:write"]],
  "assistant.threads.setTitle": ["4", ["assistant:write"]],
  "assistant.threads.setSuggestedPrompts": ["4", ["assistant:write"]],
  "agents.sessions.setStatus": ["3", ["chat:write"]],
  "agents.sessions.rename": ["3", ["chat:write"]],
};
export const NO_TOKEN = new Set(["api.test", "oauth.v2.access"]);
export const ALL_BOT_EVENTS = [
  "message.channels",
  "message.groups",
  "message.im",
  "app_mention",
  "app_home_opened",
  "app_uninstalled",
  "tokens_revoked",
  "channel_archive",
  "channel_unarchive",
  "channel_deleted",
  "channel_rename",
  "member_joined_channel",
  "member_left_channel",
  "reaction_added",
  "user_change",
  "team_join",
  "agent_session_stopped",
  "agent_session_title_changed",
];

export const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json; charset=utf-8", ...headers },
  });
export const html = (body: string, status = 200): Response =>
  new Response(`<!doctype html><body>${body}</body>`, {
    status,
    headers: { "content-type": "text/html" },
  });
export const escapeHtml = (s: string): string =>
  s.replace(
    /[&<>"]/g,
    (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c] as string,
  );
