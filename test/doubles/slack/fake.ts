/**
 * fake-slack — an in-memory Slack for tests. One file, Bun only, no dependencies.
 *
 *   const slack = FakeSlack.start({ teams: [{ name: "Acme", users: [{ name: "manu", email: "manu@acme.test" }] }] });
 *   new App({ appToken: slack.appToken, socketMode: true, clientOptions: { slackApiUrl: slack.apiUrl }, ... });
 *
 * What it is faithful to: Web API envelopes (HTTP 200 + ok:false, 429 + Retry-After, missing_scope, cursors),
 * channel naming and name_taken, message shapes (bot identity versus customised identity), OAuth v2 with token
 * rotation, Socket Mode (single-use tickets, hello, ping frames, acks, retries of unacked events with the same
 * event_id and a new envelope_id, 10-connection limit, disconnect frames, half-open sockets).
 * Numbers Slack does not publish (burst sizes, workspace-wide post limit, Socket Mode retry delays) are options.
 *
 * Gateway mode: with `upstream` set to a third-party Slack emulator (for example `emulate`), Web API and OAuth calls
 * are answered by that emulator; this file only adds what it lacks: Socket Mode, events, rate limits, streaming.
 */
import type { ServerWebSocket } from "bun";
import { blockProblems, parseArgs, safeAtob, streamText, strip } from "./checks.ts";
import {
  ALL_BOT_EVENTS,
  ALWAYS_LOCAL,
  type Channel,
  type Conn,
  type ConnData,
  type Delivery,
  escapeHtml,
  Fail,
  type FakeSlackOptions,
  type Fault,
  html,
  type Install,
  type Json,
  json,
  METHODS,
  NO_TOKEN,
  type PendingDelivery,
  RateLimited,
  type RequestLog,
  type SeedTeam,
  type SeedUser,
  type Team,
  TIER,
  type Token,
  type User,
} from "./model.ts";
import { TcpRelay } from "./relay.ts";

// ---------------------------------------------------------------- the fake

export class FakeSlack {
  readonly appId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly appToken: string;
  readonly configToken: string;
  readonly teams = new Map<string, Team>();
  readonly requests: RequestLog[] = [];
  readonly deliveries: Delivery[] = [];
  readonly strayAcks: string[] = [];
  readonly ephemerals: Json[] = [];
  readonly responses: { id: string; body: Json }[] = [];
  readonly views = new Map<string, Json>();
  readonly homes = new Map<string, Json>();
  readonly files = new Map<string, Json>();
  readonly agentSessions = new Map<string, Json>();
  readonly threadStatus = new Map<string, string>();
  /** Connections ever opened, for asserting reconnects. */
  opened = 0;
  botEvents: Set<string>;
  consent: "approve" | "deny" | "page";
  rateLimits: boolean;
  private readonly opt: FakeSlackOptions;
  private readonly tokens = new Map<string, Token>();
  private readonly codes = new Map<
    string,
    {
      team: string;
      user: string;
      scopes: string[];
      redirect: string;
      challenge?: string | undefined;
      used: boolean;
    }
  >();
  private readonly tickets = new Map<string, { app: string; used: boolean }>();
  private readonly conns = new Set<Conn>();
  private readonly pending = new Map<string, PendingDelivery>();
  private readonly buckets = new Map<string, { tokens: number; at: number }>();
  private readonly faults: (Fault & { method: string; left: number })[] = [];
  private readonly triggers = new Map<string, { at: number; used: boolean }>();
  private readonly responseUrls = new Map<
    string,
    { at: number; uses: number; channel?: string | undefined; ts?: string | undefined }
  >();
  private readonly redirectUrls: string[] | undefined;
  private server!: ReturnType<typeof Bun.serve>;
  private relay!: TcpRelay;
  private seq = 0;
  private connSeq = 0;
  private rr = 0;
  private lastTs = 0;
  private tsSub = 0;

  private constructor(opt: FakeSlackOptions) {
    this.opt = opt;
    const a = opt.app ?? {};
    this.appId = a.id ?? "A0POLARIS1";
    this.clientId = a.clientId ?? "111111.222222";
    this.clientSecret = a.clientSecret ?? "client-secret";
    this.appToken = a.appToken ?? "xapp-1-A0POLARIS1-1-fake";
    this.configToken = a.configToken ?? "xoxe.xoxp-1-config";
    this.redirectUrls = a.redirectUrls;
    this.botEvents = new Set(a.botEvents ?? ALL_BOT_EVENTS);
    this.consent = opt.consent ?? "approve";
    this.rateLimits = opt.rateLimits ?? false;
    this.tokens.set(this.appToken, {
      value: this.appToken,
      kind: "app",
      team: "",
      scopes: new Set(["connections:write"]),
      user: "",
      revoked: false,
    });
    this.tokens.set(this.configToken, {
      value: this.configToken,
      kind: "config",
      team: "",
      scopes: new Set(),
      user: "",
      revoked: false,
    });
    for (const t of opt.teams ?? [{ name: "Acme" }]) this.addTeam(t);
  }

  static start(opt: FakeSlackOptions = {}): FakeSlack {
    const self = new FakeSlack(opt);
    const hostname = opt.hostname ?? "127.0.0.1";
    self.server = Bun.serve<ConnData>({
      port: opt.port ?? 0,
      hostname,
      idleTimeout: 0,
      fetch: (req, server) => self.route(req, server),
      websocket: {
        idleTimeout: 0,
        sendPings: false,
        open: (ws) => self.onOpen(ws),
        message: (ws, data) => self.onFrame(ws, data),
        ping: (ws) => {
          if (ws.data.conn) ws.data.conn.clientPings++;
        },
        pong: (ws) => {
          if (ws.data.conn) ws.data.conn.clientPongs++;
        },
        close: (ws) => self.onClose(ws),
      },
    });
    self.relay = new TcpRelay(hostname, self.server.port as number);
    return self;
  }

  async stop(): Promise<void> {
    for (const d of this.pending.values()) clearTimeout(d.timer);
    this.pending.clear();
    for (const c of this.conns) c.ws.terminate();
    this.relay.stop();
    await this.server.stop(true);
  }

  get url(): string {
    return `http://${this.opt.hostname ?? "127.0.0.1"}:${this.server.port}`;
  }
  get apiUrl(): string {
    return `${this.url}/api/`;
  }
  get authorizeUrl(): string {
    return `${this.url}/oauth/v2/authorize`;
  }
  get connections(): number {
    return [...this.conns].filter((c) => !c.closing).length;
  }
  private now(): number {
    return this.opt.now ? this.opt.now() : Date.now();
  }
  private id(prefix: string): string {
    return prefix + (36 ** 9 + ++this.seq * 7919).toString(36).toUpperCase();
  }
  /** Unique, increasing, and shaped like Slack's: seconds, a dot, six digits. */
  private ts(): string {
    const s = Math.max(Math.floor(this.now() / 1000), this.lastTs);
    this.tsSub = s === this.lastTs ? this.tsSub + 1 : 1;
    this.lastTs = s;
    return `${s}.${String(this.tsSub * 100 + 19).padStart(6, "0")}`;
  }

  // -------------------------------------------------------------- seeding and look-ups

  addTeam(seed: SeedTeam): Team {
    const id = seed.id ?? this.id("T");
    const team: Team = {
      id,
      name: seed.name,
      domain: seed.domain ?? seed.name.toLowerCase().replace(/[^a-z0-9]+/g, "-"),
      users: new Map(),
      channels: new Map(),
      reserved: new Set(),
      restrictChannelCreation: seed.restrictChannelCreation ?? false,
      agentSessions: seed.agentSessions ?? true,
    };
    this.teams.set(id, team);
    for (const u of seed.users ?? [{ name: "admin", email: "admin@example.test", isAdmin: true }])
      this.addUser(team, u);
    const first = [...team.users.keys()];
    for (const c of [{ name: "general" }, ...(seed.channels ?? [])] as NonNullable<
      SeedTeam["channels"]
    >)
      this.makeChannel(
        team,
        c.name,
        first[0] ?? "",
        c.private ?? false,
        c.members?.map((m) => this.user(team, m).id) ?? first,
      );
    return team;
  }
  addUser(teamRef: Team | string, seed: SeedUser): User {
    const team = this.team(teamRef);
    const u: User = {
      id: seed.id ?? this.id("U"),
      team: team.id,
      name: seed.name,
      realName: seed.realName ?? seed.name,
      email: seed.email,
      isBot: seed.isBot ?? false,
      deleted: seed.deleted ?? false,
      isRestricted: seed.isRestricted ?? false,
      isAdmin: seed.isAdmin ?? false,
    };
    team.users.set(u.id, u);
    return u;
  }
  team(ref?: Team | string): Team {
    if (ref && typeof ref === "object") return ref;
    const t =
      ref === undefined
        ? [...this.teams.values()][0]
        : (this.teams.get(ref) ??
          [...this.teams.values()].find((x) => x.name === ref || x.domain === ref));
    if (!t) throw new Error(`fake-slack: no workspace ${ref}`);
    return t;
  }
  user(teamRef: Team | string | undefined, ref: string): User {
    const t = this.team(teamRef);
    const u =
      t.users.get(ref) ?? [...t.users.values()].find((x) => x.name === ref || x.email === ref);
    if (!u) throw new Error(`fake-slack: no user ${ref} in ${t.name}`);
    return u;
  }
  channel(ref: string, teamRef?: Team | string): Channel {
    const teams = teamRef === undefined ? [...this.teams.values()] : [this.team(teamRef)];
    for (const t of teams) {
      const c =
        t.channels.get(ref) ??
        [...t.channels.values()].find((x) => !x.isDeleted && x.name === ref.replace(/^#/, ""));
      if (c) return c;
    }
    throw new Error(`fake-slack: no channel ${ref}`);
  }
  /** Visible messages, oldest first; with `thread`, the parent and its replies. */
  messages(ref: string, thread?: string): Json[] {
    const all = this.channel(ref).messages;
    return thread
      ? all.filter((m) => m.ts === thread || m.thread_ts === thread)
      : all.filter((m) => !m.thread_ts || m.thread_ts === m.ts || m.subtype === "thread_broadcast");
  }
  get lost(): Delivery[] {
    return this.deliveries.filter((d) => d.state === "lost");
  }
  get unacked(): Delivery[] {
    return this.deliveries.filter((d) => d.state === "pending");
  }
  calls(method: string): RequestLog[] {
    return this.requests.filter((r) => r.method === method);
  }
  async waitFor<T>(
    probe: () => T | undefined | null | false,
    ms = 5000,
    what = "condition",
  ): Promise<T> {
    for (const end = Date.now() + ms; ; await Bun.sleep(5)) {
      const v = probe();
      if (v) return v;
      if (Date.now() > end)
        throw new Error(`fake-slack: timed out after ${ms} ms waiting for ${what}`);
    }
  }
  /** The next `times` calls of `method` ("*" for any) misbehave. */
  fault(method: string, f: Fault): void {
    this.faults.push({ ...f, method, left: f.times ?? 1 });
  }

  // -------------------------------------------------------------- acting as people and admins

  /** Installs the app without the OAuth dance and returns the bot token. */
  install(
    teamRef?: Team | string,
    scopes: string[] = [
      "app_mentions:read",
      "channels:history",
      "channels:join",
      "channels:manage",
      "channels:read",
      "chat:write",
      "chat:write.customize",
      "commands",
      "files:write",
      "groups:history",
      "groups:read",
      "groups:write",
      "im:history",
      "im:write",
      "reactions:write",
      "team:read",
      "users:read",
      "users:read.email",
      "assistant:write",
      "pins:write",
      "bookmarks:write",
    ],
  ): Install {
    return this.doInstall(
      this.team(teamRef),
      scopes,
      [...this.team(teamRef).users.values()].find((u) => !u.isBot)?.id ?? "",
    );
  }
  uninstall(teamRef?: Team | string): void {
    const t = this.team(teamRef);
    const i = t.install;
    if (!i) return;
    for (const k of this.tokens.values())
      if (k.team === t.id && (k.kind === "bot" || k.kind === "user")) k.revoked = true;
    t.install = undefined;
    for (const c of t.channels.values()) c.members.delete(i.botUserId);
    const who = { team: t.id, user: i.botUserId };
    this.emit({ type: "tokens_revoked", tokens: { oauth: [], bot: [i.botUserId] } }, who);
    this.emit({ type: "app_uninstalled" }, who);
  }
  async say(
    channelRef: string,
    userRef: string,
    text: string,
    o: { thread?: string; broadcast?: boolean; files?: Json[]; team?: string } = {},
  ): Promise<Json> {
    const c = this.channel(channelRef, o.team);
    const u = this.user(c.team, userRef);
    if (this.opt.upstream) return this.sayUpstream(c, u, text, o);
    const ts = this.ts();
    const m: Json = {
      client_msg_id: crypto.randomUUID(),
      type: "message",
      ...(o.files ? { subtype: "file_share", files: o.files } : {}),
      user: u.id,
      text,
      ts,
      team: c.team,
      blocks: [
        {
          type: "rich_text",
          block_id: "b",
          elements: [{ type: "rich_text_section", elements: [{ type: "text", text }] }],
        },
      ],
    };
    return this.store(c, m, o.thread, o.broadcast);
  }
  edit(channelRef: string, ts: string, text: string): void {
    const c = this.channel(channelRef);
    const m = this.find(c, ts);
    const previous = { ...m };
    m.text = text;
    m.edited = { user: m.user, ts: this.ts() };
    this.emitChanged(c, m, previous);
  }
  remove(channelRef: string, ts: string): void {
    const c = this.channel(channelRef);
    this.drop(c, this.find(c, ts));
  }
  react(channelRef: string, userRef: string, ts: string, reaction: string): void {
    const c = this.channel(channelRef);
    const m = this.find(c, ts);
    this.emit(
      {
        type: "reaction_added",
        user: this.user(c.team, userRef).id,
        reaction,
        item: { type: "message", channel: c.id, ts },
        item_user: m.user ?? m.bot_id,
        event_ts: this.ts(),
      },
      { team: c.team, channel: c },
    );
  }
  async slash(userRef: string, channelRef: string, command: string, text = ""): Promise<Delivery> {
    const c = this.channel(channelRef);
    const u = this.user(c.team, userRef);
    const t = this.team(c.team);
    return this.deliver(
      "slash_commands",
      {
        token: "verification-token",
        team_id: t.id,
        team_domain: t.domain,
        channel_id: c.id,
        channel_name: c.name,
        user_id: u.id,
        user_name: u.name,
        command,
        text,
        api_app_id: this.appId,
        is_enterprise_install: "false",
        response_url: this.responseUrl(c.id),
        trigger_id: this.trigger(),
      },
      true,
    ).settled;
  }
  /** Clicks the element with this action_id in a message. */
  async click(
    userRef: string,
    channelRef: string,
    ts: string,
    actionId: string,
  ): Promise<Delivery> {
    const c = this.channel(channelRef);
    // Also in what only one person sees.
    const m = this.ephemerals.find((it) => it.ts === ts) ?? this.find(c, ts);
    const u = this.user(c.team, userRef);
    const el = (m.blocks as Json[] | undefined)
      ?.flatMap((b) =>
        [...(b.elements ?? []), ...(b.accessory ? [b.accessory] : [])].map(
          (e: Json): Json => ({ ...e, block_id: b.block_id ?? "block" }),
        ),
      )
      .find((e) => e.action_id === actionId);
    if (!el) throw new Error(`fake-slack: no element ${actionId} in ${ts}`);
    return this.deliver(
      "interactive",
      {
        ...this.interaction("block_actions", u, c.team),
        container: {
          type: "message",
          message_ts: ts,
          channel_id: c.id,
          is_ephemeral: false,
          ...(m.thread_ts ? { thread_ts: m.thread_ts } : {}),
        },
        channel: { id: c.id, name: c.name },
        message: { ...m },
        state: { values: {} },
        response_url: this.responseUrl(c.id, ts),
        actions: [{ ...el, action_ts: this.ts() }],
      },
      true,
    ).settled;
  }
  async messageShortcut(
    userRef: string,
    channelRef: string,
    ts: string,
    callbackId: string,
  ): Promise<Delivery> {
    const c = this.channel(channelRef);
    return this.deliver(
      "interactive",
      {
        ...this.interaction("message_action", this.user(c.team, userRef), c.team),
        callback_id: callbackId,
        action_ts: this.ts(),
        message_ts: ts,
        channel: { id: c.id, name: c.name },
        message: { ...this.find(c, ts) },
        response_url: this.responseUrl(c.id, ts),
      },
      true,
    ).settled;
  }
  async submitView(userRef: string, viewId: string, values: Json): Promise<Delivery> {
    const view = this.views.get(viewId);
    if (!view) throw new Error(`fake-slack: no view ${viewId}`);
    return this.deliver(
      "interactive",
      {
        ...this.interaction("view_submission", this.user(view.team_id, userRef), view.team_id),
        view: { ...view, state: { values } },
        response_urls: [],
      },
      true,
    ).settled;
  }
  openHome(userRef: string, teamRef?: string): void {
    const u = this.user(teamRef, userRef);
    this.emit(
      {
        type: "app_home_opened",
        user: u.id,
        channel: this.id("D"),
        tab: "home",
        event_ts: this.ts(),
      },
      { team: u.team },
    );
  }
  stopAgent(channelRef: string, threadTs: string, userRef: string): void {
    const c = this.channel(channelRef);
    const streaming = c.messages.filter((m) => m.thread_ts === threadTs && m.__streaming);
    for (const m of streaming) {
      m.__streaming = false;
      m.__stoppedByUser = true;
    }
    this.emit(
      {
        type: "agent_session_stopped",
        channel: c.id,
        user: this.user(c.team, userRef).id,
        thread_ts: threadTs,
        streaming_message_ts: streaming.map((m) => m.ts),
        event_ts: this.ts(),
      },
      { team: c.team, channel: c },
    );
  }
  adminRename(channelRef: string, name: string): void {
    const c = this.channel(channelRef);
    this.rename(c, name);
  }
  adminArchive(channelRef: string): void {
    const c = this.channel(channelRef);
    c.isArchived = true;
    this.emit(
      { type: "channel_archive", channel: c.id, user: this.admin(c.team), event_ts: this.ts() },
      { team: c.team, channel: c },
    );
  }
  private admin(team: string): string {
    return [...this.team(team).users.values()].find((u) => !u.isBot)?.id ?? "";
  }
  adminUnarchive(channelRef: string): void {
    const c = this.channel(channelRef);
    c.isArchived = false;
    this.emit(
      { type: "channel_unarchive", channel: c.id, user: this.admin(c.team), event_ts: this.ts() },
      { team: c.team, channel: c },
    );
  }
  /** A channel that people made. */
  addChannel(
    name: string,
    { isPrivate = false, team }: { isPrivate?: boolean; team?: string } = {},
  ): Channel {
    const t = this.team(team);
    const first = [...t.users.keys()][0] ?? "";
    return this.makeChannel(t, name, first, isPrivate, [first]);
  }
  adminDelete(channelRef: string): void {
    const c = this.channel(channelRef);
    c.isDeleted = true;
    if (this.opt.reserveDeletedNames ?? true) this.team(c.team).reserved.add(c.name);
    this.emit(
      { type: "channel_deleted", channel: c.id, event_ts: this.ts() },
      { team: c.team, channel: c },
    );
  }
  kickBot(channelRef: string): void {
    const c = this.channel(channelRef);
    const bot = this.team(c.team).install?.botUserId;
    if (!bot || !c.members.delete(bot)) return;
    this.emit(
      {
        type: "member_left_channel",
        user: bot,
        channel: c.id,
        channel_type: "C",
        team: c.team,
        event_ts: this.ts(),
      },
      { team: c.team },
    );
  }

  // -------------------------------------------------------------- Socket Mode

  /** Slack's routine refresh: a disconnect frame, then the close `graceMs` later. */
  disconnect(
    reason:
      | "warning"
      | "refresh_requested"
      | "link_disabled"
      | "too_many_websockets" = "refresh_requested",
    graceMs = 10_000,
  ): void {
    for (const c of this.conns) this.sayGoodbye(c, reason, graceMs);
  }
  /** Cuts every TCP connection with no close frame. */
  kill(): void {
    for (const c of this.conns) c.ws.terminate();
  }
  /** Half-open: sockets stay open and nothing passes in either direction until thaw(). */
  freeze(): void {
    this.relay.frozen = true;
  }
  thaw(): void {
    this.relay.thaw();
  }
  pings(): { conn: number; clientPings: number; clientPongs: number }[] {
    return [...this.conns].map((c) => ({
      conn: c.id,
      clientPings: c.clientPings,
      clientPongs: c.clientPongs,
    }));
  }

  private sayGoodbye(c: Conn, reason: string, graceMs: number): void {
    c.closing = true;
    c.ws.send(JSON.stringify({ type: "disconnect", reason, debug_info: { host: "applink-fake" } }));
    setTimeout(() => {
      if (this.conns.has(c)) c.ws.close(1000, reason);
    }, graceMs);
  }
  private onOpen(ws: ServerWebSocket<ConnData>): void {
    const c: Conn = {
      id: ++this.connSeq,
      ws,
      openedAt: Date.now(),
      clientPings: 0,
      clientPongs: 0,
      closing: false,
    };
    ws.data.conn = c;
    this.conns.add(c);
    this.opened++;
    this.opt.log?.(`ws ${c.id} open`);
    if (this.conns.size > 10) {
      this.sayGoodbye(c, "too_many_websockets", 0);
      return;
    }
    ws.send(
      JSON.stringify({
        type: "hello",
        num_connections: this.connections,
        debug_info: {
          host: "applink-fake",
          build_number: 1,
          approximate_connection_time: this.opt.approximateConnectionTime ?? 18060,
        },
        connection_info: { app_id: this.appId },
      }),
    );
    const beat = setInterval(() => {
      if (this.conns.has(c)) ws.ping(`Ping from applink-fake ${c.id}`);
      else clearInterval(beat);
    }, this.opt.pingIntervalMs ?? 5000);
  }
  private onClose(ws: ServerWebSocket<ConnData>): void {
    const c = ws.data.conn;
    if (!c) return;
    this.conns.delete(c);
    this.opt.log?.(`ws ${c.id} closed`);
    for (const d of new Set(this.pending.values()))
      if (d.attempts.at(-1)?.conn === c.id) this.missed(d);
  }
  private onFrame(ws: ServerWebSocket<ConnData>, data: string | Buffer): void {
    let ack: Json;
    try {
      ack = JSON.parse(String(data));
    } catch {
      return;
    }
    const d = this.pending.get(ack.envelope_id);
    if (!d) {
      this.strayAcks.push(String(ack.envelope_id));
      return;
    }
    clearTimeout(d.timer);
    for (const a of d.attempts) this.pending.delete(a.envelopeId);
    d.state = "acked";
    d.ackedAt = Date.now();
    if (d.acceptsPayload && ack.payload && Object.keys(ack.payload).length)
      d.ackPayload = ack.payload;
    d.settle(d);
    void ws;
  }
  deliver(type: Delivery["type"], payload: Json, acceptsPayload = false): Delivery {
    let settle!: (d: Delivery) => void;
    const settled = new Promise<Delivery>((r) => {
      settle = r;
    });
    const d: PendingDelivery = {
      type,
      key: payload.event_id ?? payload.trigger_id ?? crypto.randomUUID(),
      payload,
      attempts: [],
      state: "pending",
      settled,
      settle,
      acceptsPayload,
    };
    this.deliveries.push(d);
    this.attempt(d);
    return d;
  }
  private attempt(d: PendingDelivery): void {
    const open = [...this.conns].filter((c) => !c.closing);
    const target = open[this.rr++ % Math.max(open.length, 1)];
    const envelopeId = crypto.randomUUID();
    d.attempts.push({ envelopeId, conn: target?.id ?? 0, at: Date.now() });
    if (!target) {
      this.missed(d);
      return;
    }
    this.pending.set(envelopeId, d);
    const n = d.attempts.length - 1;
    target.ws.send(
      JSON.stringify({
        envelope_id: envelopeId,
        payload: d.payload,
        type: d.type,
        accepts_response_payload: d.acceptsPayload,
        ...(d.type === "events_api" ? { retry_attempt: n, retry_reason: n ? "timeout" : "" } : {}),
      }),
    );
    d.timer = setTimeout(() => this.missed(d), this.opt.ackTimeoutMs ?? 3000);
  }
  private missed(d: PendingDelivery): void {
    clearTimeout(d.timer);
    const delays = this.opt.retryDelaysMs ?? [50, 60_000, 300_000];
    const wait = d.type === "events_api" ? delays[d.attempts.length - 1] : undefined;
    if (wait === undefined) {
      d.state = "lost";
      for (const a of d.attempts) this.pending.delete(a.envelopeId);
      d.settle(d);
      return;
    }
    d.timer = setTimeout(() => {
      if (d.state === "pending") this.attempt(d);
    }, wait);
  }

  // -------------------------------------------------------------- events

  private emit(
    event: Json,
    where: { team: string; channel?: Channel; user?: string },
    subscription = String(event.type),
  ): void {
    if (!this.botEvents.has(subscription)) return;
    const install = this.team(where.team).install;
    if (!install && !where.user) return;
    if (
      where.channel &&
      !where.channel.isIm &&
      install &&
      !where.channel.members.has(install.botUserId) &&
      !["channel_deleted", "channel_rename", "channel_archive", "channel_unarchive"].includes(
        subscription,
      )
    )
      return;
    const eventId = this.id("Ev");
    this.deliver("events_api", {
      token: "verification-token",
      team_id: where.team,
      context_team_id: where.team,
      context_enterprise_id: null,
      api_app_id: this.appId,
      event,
      type: "event_callback",
      event_id: eventId,
      event_time: Math.floor(this.now() / 1000),
      authorizations: [
        {
          enterprise_id: null,
          team_id: where.team,
          user_id: install?.botUserId ?? where.user,
          is_bot: true,
          is_enterprise_install: false,
        },
      ],
      is_ext_shared_channel: false,
      event_context: `4-${eventId}`,
    });
  }
  private emitMessage(c: Channel, m: Json): void {
    const kind = c.isIm ? "im" : c.isPrivate ? "group" : "channel";
    const event = { ...strip(m), channel: c.id, event_ts: m.ts, channel_type: kind };
    this.emit(
      event,
      { team: c.team, channel: c },
      kind === "im" ? "message.im" : kind === "group" ? "message.groups" : "message.channels",
    );
    const bot = this.team(c.team).install?.botUserId;
    if (bot && m.user && m.user !== bot && !c.isIm && String(m.text).includes(`<@${bot}>`))
      this.emit(
        { ...strip(m), type: "app_mention", subtype: undefined, channel: c.id, event_ts: m.ts },
        { team: c.team, channel: c },
      );
  }
  private emitChanged(c: Channel, m: Json, previous: Json): void {
    const kind = c.isIm ? "im" : c.isPrivate ? "group" : "channel";
    const ts = this.ts();
    this.emit(
      {
        type: "message",
        subtype: "message_changed",
        hidden: true,
        channel: c.id,
        ts,
        event_ts: ts,
        channel_type: kind,
        message: strip(m),
        previous_message: strip(previous),
      },
      { team: c.team, channel: c },
      kind === "im" ? "message.im" : kind === "group" ? "message.groups" : "message.channels",
    );
  }
  private store(c: Channel, m: Json, thread?: string, broadcast?: boolean): Json {
    if (thread) {
      const parent = c.messages.find((x) => x.ts === thread);
      if (!parent) throw new Fail("thread_not_found");
      m.thread_ts = parent.thread_ts ?? parent.ts;
      m.parent_user_id = parent.user;
      parent.thread_ts ??= parent.ts;
      parent.reply_count = (parent.reply_count ?? 0) + 1;
      parent.reply_users = [...new Set([...(parent.reply_users ?? []), m.user ?? m.bot_id])];
      parent.reply_users_count = parent.reply_users.length;
      parent.latest_reply = m.ts;
      if (broadcast) {
        m.subtype = "thread_broadcast";
        m.root = strip(parent);
      }
    }
    c.messages.push(m);
    this.emitMessage(c, m);
    return m;
  }
  private drop(c: Channel, m: Json): void {
    c.messages.splice(c.messages.indexOf(m), 1);
    const kind = c.isIm ? "im" : c.isPrivate ? "group" : "channel";
    const ts = this.ts();
    this.emit(
      {
        type: "message",
        subtype: "message_deleted",
        hidden: true,
        channel: c.id,
        ts,
        event_ts: ts,
        deleted_ts: m.ts,
        channel_type: kind,
        previous_message: strip(m),
      },
      { team: c.team, channel: c },
      kind === "im" ? "message.im" : kind === "group" ? "message.groups" : "message.channels",
    );
  }
  private find(c: Channel, ts: string): Json {
    const m = c.messages.find((x) => x.ts === ts);
    if (!m) throw new Fail("message_not_found");
    return m;
  }
  private interaction(type: string, u: User, team: string): Json {
    return {
      type,
      user: { id: u.id, username: u.name, name: u.name, team_id: team },
      api_app_id: this.appId,
      token: "verification-token",
      team: { id: team, domain: this.team(team).domain },
      enterprise: null,
      is_enterprise_install: false,
      trigger_id: this.trigger(),
    };
  }
  private trigger(): string {
    const id = `${++this.seq}.${Date.now()}.${crypto.randomUUID().replaceAll("-", "")}`;
    this.triggers.set(id, { at: Date.now(), used: false });
    return id;
  }
  private responseUrl(channel?: string, ts?: string): string {
    const id = crypto.randomUUID();
    this.responseUrls.set(id, { at: Date.now(), uses: 0, channel, ts });
    return `${this.url}/response/${id}`;
  }

  // -------------------------------------------------------------- HTTP

  private async route(
    req: Request,
    server: ReturnType<typeof Bun.serve>,
  ): Promise<Response | undefined> {
    const url = new URL(req.url);
    if (url.pathname.startsWith("/api/")) return this.api(url.pathname.slice(5), req, url);
    if (url.pathname === "/link/" || url.pathname === "/link") {
      const t = this.tickets.get(url.searchParams.get("ticket") ?? "");
      if (!t || t.used) return new Response("invalid ticket", { status: 403 });
      t.used = true;
      return (server as unknown as { upgrade(r: Request, o: { data: ConnData }): boolean }).upgrade(
        req,
        { data: { ticket: url.searchParams.get("ticket") as string } },
      )
        ? undefined
        : new Response("upgrade failed", { status: 400 });
    }
    if (url.pathname.startsWith("/oauth/"))
      return this.opt.upstream ? this.proxy(req, url) : this.authorizePage(url);
    if (url.pathname.startsWith("/upload/v1/"))
      return this.opt.upstream
        ? this.proxy(req, url)
        : this.upload(url.pathname.split("/").pop() as string, req);
    if (url.pathname.startsWith("/response/"))
      return this.respond(url.pathname.split("/").pop() as string, req);
    if (url.pathname.startsWith("/_fake/")) return this.control(url.pathname.slice(7), req);
    return new Response("not found", { status: 404 });
  }

  private async api(method: string, req: Request, url: URL): Promise<Response> {
    const raw = req.method === "GET" ? "" : await req.text();
    const args = parseArgs(raw, req.headers.get("content-type") ?? "", url);
    const bearer = req.headers.get("authorization")?.match(/^Bearer (.+)$/i)?.[1];
    const token = this.tokens.get(
      bearer ?? (method === "apps.connections.open" ? "" : ((args.token as string) ?? "")),
    );
    const entry: RequestLog = {
      at: Date.now(),
      method,
      args,
      token: token?.value ?? bearer,
      status: 200,
      ok: true,
    };
    this.requests.push(entry);
    const done = (r: Response, ok: boolean, error?: string): Response => {
      entry.status = r.status;
      entry.ok = ok;
      entry.error = error;
      this.opt.log?.(`${method} -> ${r.status} ${ok ? "ok" : error}`);
      return r;
    };
    const headers = {
      "x-slack-req-id": crypto.randomUUID(),
      ...(token ? { "x-oauth-scopes": [...token.scopes].join(",") } : {}),
    };
    const fault = this.takeFault(method, args);
    try {
      if (fault && !fault.apply)
        return done(await this.misbehave(fault), false, fault.error ?? `http_${fault.status}`);
      if (this.rateLimits) this.spend(method, token?.team ?? "", args);
      let body: Json;
      if (this.opt.upstream && !ALWAYS_LOCAL.has(method))
        body = await this.viaUpstream(method, req, raw, url);
      else {
        this.check(method, token, bearer ?? (args.token as string | undefined));
        body = { ok: true, ...(await this.call(method, args, token as Token, req)) };
      }
      if (fault)
        return done(
          await this.misbehave(fault),
          false,
          `applied_then_${fault.error ?? fault.status ?? "late"}`,
        );
      return done(json(body, 200, headers), body.ok === true, body.error);
    } catch (e) {
      if (e instanceof RateLimited)
        return done(
          json({ ok: false, error: "ratelimited" }, 429, {
            ...headers,
            "retry-after": String(e.retryAfter),
          }),
          false,
          "ratelimited",
        );
      if (e instanceof Fail)
        return done(json({ ok: false, error: e.code, ...e.extra }, 200, headers), false, e.code);
      this.opt.log?.(`${method} crashed: ${(e as Error).stack}`);
      return done(json({ ok: false, error: "fatal_error" }, 200, headers), false, "fatal_error");
    }
  }
  private takeFault(method: string, args: Json): Fault | undefined {
    const f = this.faults.find(
      (x) => x.left > 0 && (x.method === method || x.method === "*") && (!x.match || x.match(args)),
    );
    if (f) f.left--;
    return f;
  }
  private async misbehave(f: Fault): Promise<Response> {
    if (f.delayMs) await Bun.sleep(f.delayMs);
    if (f.retryAfter !== undefined)
      return json({ ok: false, error: "ratelimited" }, 429, {
        "retry-after": String(f.retryAfter),
      });
    if (f.status)
      return new Response("<html>upstream error</html>", {
        status: f.status,
        headers: { "content-type": "text/html" },
      });
    return json({ ok: false, error: f.error ?? "internal_error" });
  }
  private check(method: string, token: Token | undefined, presented: string | undefined): void {
    const spec = METHODS[method];
    if (!spec) throw new Fail("unknown_method", { req_method: method });
    if (NO_TOKEN.has(method)) return;
    if (!presented) throw new Fail("not_authed");
    if (!token) throw new Fail("invalid_auth");
    if (token.revoked) throw new Fail(token.kind === "bot" ? "account_inactive" : "token_revoked");
    if (token.expiresAt && this.now() > token.expiresAt) throw new Fail("token_expired");
    const kind =
      method === "apps.connections.open"
        ? "app"
        : method.startsWith("apps.manifest.")
          ? "config"
          : undefined;
    if (kind ? token.kind !== kind : token.kind === "app" || token.kind === "config")
      throw new Fail("not_allowed_token_type");
    const need = spec[1];
    if (need && token.kind === "bot" && !need.some((s) => token.scopes.has(s)))
      throw new Fail("missing_scope", { needed: need[0], provided: [...token.scopes].join(",") });
  }
  /** Token buckets: per method and workspace; for posts also per channel (1/s) and workspace-wide. */
  private spend(method: string, team: string, args: Json): void {
    const tier = METHODS[method]?.[0];
    if (!tier) return;
    const take = (key: string, perMinute: number, burst: number): void => {
      const now = this.now();
      const b = this.buckets.get(key) ?? { tokens: burst, at: now };
      b.tokens = Math.min(burst, b.tokens + ((now - b.at) / 60_000) * perMinute);
      b.at = now;
      this.buckets.set(key, b);
      if (b.tokens < 1)
        throw new RateLimited(Math.max(1, Math.ceil(((1 - b.tokens) / perMinute) * 60)));
      b.tokens -= 1;
    };
    if (method === "chat.postMessage") {
      take(`${team}/post/${args.channel}`, 60, this.opt.postBurst ?? 4);
      take(`${team}/post`, this.opt.teamPostsPerMinute ?? 300, this.opt.teamPostsPerMinute ?? 300);
    } else take(`${team}/${method}`, TIER[tier] as number, Math.max(3, TIER[tier] as number));
  }

  // -------------------------------------------------------------- OAuth

  private authorizePage(url: URL): Response {
    const q = url.searchParams;
    const redirect = q.get("redirect_uri") ?? this.redirectUrls?.[0] ?? "";
    if (q.get("client_id") !== this.clientId) return html("invalid_client_id", 400);
    if (
      this.redirectUrls &&
      !this.redirectUrls.some((r) => redirect === r || redirect.startsWith(`${r}/`))
    )
      return html(
        `bad_redirect_uri: redirect_uri did not match any configured URIs. Passed URI: ${escapeHtml(redirect)}`,
        400,
      );
    if (!q.get("scope") && !q.get("user_scope")) return html("no_scopes", 400);
    const back = (params: Record<string, string>): Response => {
      const u = new URL(redirect);
      for (const [k, v] of Object.entries(params)) u.searchParams.set(k, v);
      if (q.has("state")) u.searchParams.set("state", q.get("state") as string);
      return Response.redirect(u.href, 302);
    };
    if (this.consent === "deny" || q.get("fake_deny")) return back({ error: "access_denied" });
    if (this.consent === "page" && !q.get("fake_team"))
      return html(
        [...this.teams.values()]
          .map((t) => {
            const u = new URL(url);
            u.searchParams.set("fake_team", t.id);
            return `<p><a class="allow" data-team="${t.id}" href="${escapeHtml(u.href)}">Allow in ${escapeHtml(t.name)}</a></p>`;
          })
          .join(""),
      );
    const team = this.team(q.get("fake_team") ?? q.get("team") ?? undefined);
    const user = q.get("fake_user") ?? [...team.users.values()].find((u) => !u.isBot)?.id ?? "";
    const code = `${Date.now()}.${++this.seq}.${crypto.randomUUID()}`;
    this.codes.set(code, {
      team: team.id,
      user,
      scopes: (q.get("scope") ?? "").split(/[ ,]+/).filter(Boolean),
      redirect,
      challenge: q.get("code_challenge") ?? undefined,
      used: false,
    });
    return back({ code });
  }
  private doInstall(team: Team, scopes: string[], installer: string): Install {
    if (!team.install) {
      const bot = this.addUser(team, {
        name: "polaris",
        realName: this.opt.app?.name ?? "Polaris",
        isBot: true,
      });
      team.install = {
        team: team.id,
        token: "",
        botUserId: bot.id,
        botId: this.id("B"),
        scopes: new Set(),
        installer,
      };
    }
    const i = team.install;
    for (const s of scopes) i.scopes.add(s); // scopes are additive across installs
    if (!i.token || this.opt.app?.tokenRotation) this.issue(i);
    const t = this.tokens.get(i.token) as Token;
    t.scopes = i.scopes;
    return i;
  }
  private issue(i: Install): void {
    const rotating = this.opt.app?.tokenRotation ?? false;
    i.token = `${rotating ? "xoxe." : ""}xoxb-${i.team}-${crypto.randomUUID()}`;
    if (rotating) i.refreshToken = `xoxe-1-${crypto.randomUUID()}`;
    this.tokens.set(i.token, {
      value: i.token,
      kind: "bot",
      team: i.team,
      scopes: i.scopes,
      user: i.botUserId,
      botId: i.botId,
      revoked: false,
      expiresAt: rotating ? this.now() + 43_200_000 : undefined,
    });
  }
  private oauthAccess(a: Json, req: Request): Json {
    const basic = req.headers.get("authorization")?.match(/^Basic (.+)$/i)?.[1];
    const [bid, bsecret] = basic ? atob(basic).split(":") : [];
    if ((a.client_id ?? bid) !== this.clientId) throw new Fail("invalid_client_id");
    if ((a.client_secret ?? bsecret) !== this.clientSecret && !a.code_verifier)
      throw new Fail("bad_client_secret");
    const answer = (i: Install): Json => ({
      app_id: this.appId,
      authed_user: { id: i.installer },
      scope: [...i.scopes].join(","),
      token_type: "bot",
      access_token: i.token,
      bot_user_id: i.botUserId,
      team: { id: i.team, name: this.team(i.team).name },
      enterprise: null,
      is_enterprise_install: false,
      ...(i.refreshToken ? { refresh_token: i.refreshToken, expires_in: 43_200 } : {}),
    });
    if (a.grant_type === "refresh_token") {
      const i = [...this.teams.values()]
        .map((t) => t.install)
        .find((x) => x?.refreshToken && x.refreshToken === a.refresh_token);
      if (!i) throw new Fail("invalid_refresh_token");
      this.issue(i);
      return answer(i);
    }
    const c = this.codes.get(String(a.code ?? ""));
    if (!c) throw new Fail("invalid_code");
    if (c.used) throw new Fail("code_already_used");
    if (a.redirect_uri !== undefined && a.redirect_uri !== c.redirect)
      throw new Fail("bad_redirect_uri");
    if (
      c.challenge &&
      new Bun.CryptoHasher("sha256").update(String(a.code_verifier ?? "")).digest("base64url") !==
        c.challenge
    )
      throw new Fail("invalid_code_verifier");
    c.used = true;
    return answer(this.doInstall(this.team(c.team), c.scopes, c.user));
  }

  // -------------------------------------------------------------- Web API methods

  private makeChannel(
    t: Team,
    name: string,
    creator: string,
    isPrivate: boolean,
    members: string[],
  ): Channel {
    const c: Channel = {
      id: this.id("C"),
      team: t.id,
      name,
      isPrivate,
      isIm: false,
      isArchived: false,
      isDeleted: false,
      creator,
      created: Math.floor(this.now() / 1000),
      members: new Set(members),
      topic: "",
      purpose: "",
      previousNames: [],
      messages: [],
    };
    t.channels.set(c.id, c);
    return c;
  }
  private validName(t: Team, name: unknown, except?: Channel): string {
    const n = String(name ?? "");
    if (!n) throw new Fail("invalid_name_required");
    if (n.length > 80) throw new Fail("invalid_name_maxlength");
    if (/[^\p{Ll}\p{Lo}\p{N}_-]/u.test(n)) throw new Fail("invalid_name_specials");
    if (/^[_-]+$/.test(n)) throw new Fail("invalid_name_punctuation");
    if (
      t.reserved.has(n) ||
      [...t.channels.values()].some((c) => c !== except && !c.isDeleted && c.name === n)
    )
      throw new Fail("name_taken");
    return n;
  }
  private rename(c: Channel, name: string): void {
    c.previousNames.unshift(c.name);
    c.name = name;
    this.emit(
      {
        type: "channel_rename",
        channel: { id: c.id, name, created: c.created, is_channel: true },
        event_ts: this.ts(),
      },
      { team: c.team, channel: c },
    );
  }
  private asChannel(c: Channel, viewer: string): Json {
    if (c.isIm)
      return {
        id: c.id,
        created: c.created,
        is_im: true,
        is_channel: false,
        is_archived: false,
        user: [...c.members].find((m) => m !== viewer),
      };
    return {
      id: c.id,
      name: c.name,
      name_normalized: c.name,
      created: c.created,
      creator: c.creator,
      is_channel: !c.isPrivate,
      is_group: c.isPrivate,
      is_im: false,
      is_mpim: false,
      is_private: c.isPrivate,
      is_archived: c.isArchived,
      is_general: c.name === "general",
      is_shared: false,
      is_ext_shared: false,
      is_org_shared: false,
      is_member: c.members.has(viewer),
      topic: { value: c.topic, creator: "", last_set: 0 },
      purpose: { value: c.purpose, creator: "", last_set: 0 },
      previous_names: c.previousNames,
      context_team_id: c.team,
    };
  }
  private asUser(u: User, email: boolean): Json {
    return {
      id: u.id,
      team_id: u.team,
      name: u.name,
      deleted: u.deleted,
      real_name: u.realName,
      tz: "Europe/London",
      tz_offset: 0,
      profile: {
        real_name: u.realName,
        real_name_normalized: u.realName,
        display_name: u.realName || u.name,
        display_name_normalized: u.name,
        image_48: `https://avatars.example/${u.id}_48.png`,
        image_192: `https://avatars.example/${u.id}_192.png`,
        team: u.team,
        ...(email && u.email ? { email: u.email } : {}),
      },
      is_admin: u.isAdmin,
      is_owner: u.isAdmin,
      is_restricted: u.isRestricted,
      is_ultra_restricted: false,
      is_bot: u.isBot,
      is_app_user: false,
      updated: 0,
      is_email_confirmed: true,
    };
  }
  private page<T>(all: T[], a: Json, fallback = 100, max = 1000): { items: T[]; meta: Json } {
    const limit = Math.min(Number(a.limit || fallback) || fallback, max);
    let from = 0;
    if (a.cursor) {
      from = Number(/^o:(\d+)$/.exec(safeAtob(String(a.cursor)))?.[1] ?? Number.NaN);
      if (Number.isNaN(from)) throw new Fail("invalid_cursor");
    }
    return {
      items: all.slice(from, from + limit),
      meta: {
        response_metadata: {
          next_cursor: from + limit < all.length ? btoa(`o:${from + limit}`) : "",
        },
      },
    };
  }
  private chan(
    t: Team,
    k: Token,
    ref: unknown,
    o: { member?: boolean; live?: boolean } = {},
  ): Channel {
    const r = String(ref ?? "");
    const c = t.channels.get(r);
    if (!c || c.isDeleted || (c.isPrivate && !c.members.has(k.user)))
      throw new Fail("channel_not_found");
    if (o.live && c.isArchived) throw new Fail("is_archived");
    if (o.member && !c.members.has(k.user)) throw new Fail("not_in_channel");
    return c;
  }
  private im(t: Team, a: string, b: string): Channel {
    const hit = [...t.channels.values()].find(
      (c) => c.isIm && c.members.has(a) && c.members.has(b),
    );
    if (hit) return hit;
    const c = this.makeChannel(t, "", a, false, [a, b]);
    t.channels.delete(c.id);
    c.id = `D${c.id.slice(1)}`;
    c.isIm = true;
    t.channels.set(c.id, c);
    return c;
  }
  private content(a: Json): Json {
    const blocks = a.blocks as Json[] | undefined;
    if (a.markdown_text !== undefined && (a.text || blocks))
      throw new Fail("markdown_text_conflict");
    if (a.markdown_text !== undefined && String(a.markdown_text).length > 12_000)
      throw new Fail("msg_too_long");
    if (!a.text && !blocks?.length && !(a.attachments as unknown[])?.length && !a.markdown_text)
      throw new Fail("no_text");
    const problems = blocks ? blockProblems(blocks) : [];
    if (problems.length)
      throw new Fail("invalid_blocks", {
        errors: problems.map((p) => p.replace("[ERROR] ", "")),
        response_metadata: { messages: problems },
      });
    if (
      (blocks ?? [])
        .filter((b) => b.type === "markdown")
        .reduce((n, b) => n + String(b.text).length, 0) > 12_000
    )
      throw new Fail("msg_blocks_too_long");
    const meta = a.metadata as Json | undefined;
    if (meta && (typeof meta.event_type !== "string" || typeof meta.event_payload !== "object"))
      throw new Fail("invalid_metadata_format");
    const text = String(a.text ?? a.markdown_text ?? "");
    return {
      text: text.length > 40_000 ? text.slice(0, 40_000) : text,
      ...(blocks ? { blocks } : {}),
      ...(a.attachments ? { attachments: a.attachments } : {}),
      ...(meta ? { metadata: meta } : {}),
    };
  }
  /** With a custom name or icon Slack stores a bot_message without `user`; otherwise the bot user's own message. */
  private authored(t: Team, k: Token, a: Json): Json {
    const i = t.install as Install;
    const custom =
      k.kind === "bot" &&
      k.scopes.has("chat:write.customize") &&
      (a.username || a.icon_emoji || a.icon_url);
    if (custom)
      return {
        type: "message",
        subtype: "bot_message",
        bot_id: k.botId,
        app_id: this.appId,
        username: a.username ?? "polaris",
        icons: a.icon_emoji
          ? { emoji: a.icon_emoji }
          : a.icon_url
            ? { image_48: a.icon_url }
            : undefined,
      };
    if (k.kind === "user") return { type: "message", user: k.user, team: t.id };
    return {
      type: "message",
      user: k.user,
      team: t.id,
      bot_id: k.botId,
      app_id: this.appId,
      bot_profile: {
        id: i.botId,
        app_id: this.appId,
        user_id: i.botUserId,
        name: "Polaris",
        deleted: false,
        updated: 0,
        team_id: t.id,
        icons: {},
      },
    };
  }

  private async call(method: string, a: Json, k: Token, req: Request): Promise<Json> {
    if (method === "oauth.v2.access") return this.oauthAccess(a, req);
    if (method === "api.test") {
      if (a.error) throw new Fail(String(a.error), { args: a });
      return { args: a };
    }
    if (method === "apps.connections.open") {
      const ticket = crypto.randomUUID();
      this.tickets.set(ticket, { app: this.appId, used: false });
      return { url: `${this.relay.url}/link/?ticket=${ticket}&app_id=${this.appId}` };
    }
    if (method.startsWith("apps.manifest.")) return this.manifest(method, a);
    const t = this.team(k.team);
    const me = k.user;
    switch (method) {
      case "auth.test":
        return {
          url: `https://${t.domain}.slack.com/`,
          team: t.name,
          team_id: t.id,
          user: t.users.get(me)?.name,
          user_id: me,
          ...(k.botId ? { bot_id: k.botId } : {}),
          is_enterprise_install: false,
          ...(k.expiresAt ? { expires_in: Math.floor((k.expiresAt - this.now()) / 1000) } : {}),
        };
      case "auth.revoke":
        k.revoked = !a.test;
        return { revoked: !a.test };
      case "apps.uninstall":
        if (a.client_id !== this.clientId) throw new Fail("invalid_client_id");
        if (a.client_secret !== this.clientSecret) throw new Fail("bad_client_secret");
        this.uninstall(t);
        return {};
      case "team.info":
        return { team: { id: t.id, name: t.name, domain: t.domain, email_domain: "", icon: {} } };
      case "bots.info":
        if (a.bot && a.bot !== t.install?.botId) throw new Fail("bot_not_found");
        return {
          bot: {
            id: t.install?.botId,
            user_id: t.install?.botUserId,
            app_id: this.appId,
            name: "Polaris",
            deleted: false,
            icons: {},
          },
        };
      case "users.list": {
        const p = this.page([...t.users.values()], a, 1000);
        return {
          members: p.items.map((u) => this.asUser(u, k.scopes.has("users:read.email"))),
          cache_ts: Math.floor(this.now() / 1000),
          ...p.meta,
        };
      }
      case "users.info": {
        const u = t.users.get(String(a.user));
        if (!u) throw new Fail("user_not_found");
        return { user: this.asUser(u, k.scopes.has("users:read.email")) };
      }
      case "users.lookupByEmail": {
        const u = [...t.users.values()].find(
          (x) => !x.deleted && x.email?.toLowerCase() === String(a.email).toLowerCase(),
        );
        if (!u) throw new Fail("users_not_found");
        return { user: this.asUser(u, true) };
      }
      case "users.conversations":
      case "conversations.list": {
        const types = String(a.types ?? "public_channel").split(",");
        const all = [...t.channels.values()].filter(
          (c) =>
            !c.isDeleted &&
            !c.isIm &&
            (c.isPrivate
              ? types.includes("private_channel") && c.members.has(me)
              : types.includes("public_channel")) &&
            !(a.exclude_archived && c.isArchived) &&
            (method === "conversations.list" || c.members.has(me)),
        );
        const p = this.page(all, a);
        return {
          channels: p.items.map((c) => ({
            ...this.asChannel(c, me),
            ...(method === "conversations.list" ? { num_members: c.members.size } : {}),
          })),
          ...p.meta,
        };
      }
      case "conversations.create": {
        if (t.restrictChannelCreation) throw new Fail("restricted_action");
        const c = this.makeChannel(t, this.validName(t, a.name), me, a.is_private === true, [me]);
        return { channel: this.asChannel(c, me) };
      }
      case "conversations.info": {
        const c = this.chan(t, k, a.channel);
        return {
          channel: {
            ...this.asChannel(c, me),
            ...(a.include_num_members ? { num_members: c.members.size } : {}),
          },
        };
      }
      case "conversations.members": {
        const p = this.page([...this.chan(t, k, a.channel).members], a);
        return { members: p.items, ...p.meta };
      }
      case "conversations.join": {
        const c = this.chan(t, k, a.channel, { live: true });
        if (c.isPrivate || c.isIm) throw new Fail("method_not_supported_for_channel_type");
        const had = c.members.has(me);
        c.members.add(me);
        if (!had)
          this.emit(
            {
              type: "member_joined_channel",
              user: me,
              channel: c.id,
              channel_type: "C",
              team: t.id,
              event_ts: this.ts(),
            },
            { team: t.id, channel: c },
          );
        return {
          channel: this.asChannel(c, me),
          ...(had
            ? {
                warning: "already_in_channel",
                response_metadata: { warnings: ["already_in_channel"] },
              }
            : {}),
        };
      }
      case "conversations.leave": {
        const c = this.chan(t, k, a.channel, { live: true });
        return c.members.delete(me) ? {} : { not_in_channel: true };
      }
      case "conversations.invite": {
        const c = this.chan(t, k, a.channel, { member: true, live: true });
        const ids = String(a.users ?? "")
          .split(",")
          .map((s) => s.trim())
          .filter(Boolean);
        if (!ids.length) throw new Fail("no_user");
        if (ids.length > 100) throw new Fail("invalid_arguments");
        const bad: Json[] = [];
        const good: string[] = [];
        for (const id of ids) {
          const u = t.users.get(id);
          const error =
            id === me
              ? "cant_invite_self"
              : !u || u.deleted
                ? "user_not_found"
                : u.isRestricted
                  ? "user_is_restricted"
                  : c.members.has(id)
                    ? "already_in_channel"
                    : "";
          if (error) bad.push({ user: id, ok: false, error });
          else good.push(id);
        }
        if (bad.length && !(a.force && good.length)) throw new Fail(bad[0]?.error, { errors: bad });
        for (const id of good) {
          c.members.add(id);
          this.emit(
            {
              type: "member_joined_channel",
              user: id,
              inviter: me,
              channel: c.id,
              channel_type: "C",
              team: t.id,
              event_ts: this.ts(),
            },
            { team: t.id, channel: c },
          );
        }
        return { channel: this.asChannel(c, me), ...(bad.length ? { errors: bad } : {}) };
      }
      case "conversations.kick": {
        const c = this.chan(t, k, a.channel, { member: true });
        if (a.user === me) throw new Fail("cant_kick_self");
        c.members.delete(String(a.user));
        return {};
      }
      case "conversations.rename": {
        const c = this.chan(t, k, a.channel, { live: true, member: true });
        if (c.creator !== me) throw new Fail("not_authorized");
        this.rename(c, this.validName(t, a.name, c));
        return { channel: this.asChannel(c, me) };
      }
      case "conversations.setTopic":
      case "conversations.setPurpose": {
        const c = this.chan(t, k, a.channel, { live: true, member: true });
        const key = method === "conversations.setTopic" ? "topic" : "purpose";
        if (String(a[key] ?? "").length > 250) throw new Fail("too_long");
        c[key] = String(a[key] ?? "");
        this.store(c, {
          ...this.authored(t, k, {}),
          subtype: `channel_${key}`,
          text: `set the channel ${key}: ${c[key]}`,
          [key]: c[key],
          ts: this.ts(),
        });
        return { channel: this.asChannel(c, me) };
      }
      case "conversations.archive": {
        const c = this.chan(t, k, a.channel);
        if (c.isArchived) throw new Fail("already_archived");
        if (!c.members.has(me)) throw new Fail("not_in_channel");
        if (c.name === "general") throw new Fail("cant_archive_general");
        c.isArchived = true;
        this.emit(
          { type: "channel_archive", channel: c.id, user: me, event_ts: this.ts() },
          { team: t.id, channel: c },
        );
        return {};
      }
      case "conversations.unarchive": {
        const c = this.chan(t, k, a.channel);
        if (!c.isArchived) throw new Fail("not_archived");
        if (!c.members.has(me)) throw new Fail("not_in_channel");
        c.isArchived = false;
        this.emit(
          { type: "channel_unarchive", channel: c.id, user: me, event_ts: this.ts() },
          { team: t.id, channel: c },
        );
        return {};
      }
      case "conversations.open": {
        const ids = String(a.users ?? "")
          .split(",")
          .filter(Boolean);
        if (ids.length !== 1) throw new Fail("method_not_supported_for_channel_type");
        if (!t.users.has(ids[0] as string)) throw new Fail("user_not_found");
        return { channel: { id: this.im(t, me, ids[0] as string).id } };
      }
      case "conversations.history":
      case "conversations.replies": {
        const c = this.chan(t, k, a.channel, { member: true });
        const replies = method === "conversations.replies";
        if (replies && !c.messages.some((m) => m.ts === a.ts)) throw new Fail("thread_not_found");
        const inRange = (m: Json): boolean =>
          (!a.oldest || (a.inclusive ? m.ts >= a.oldest : m.ts > a.oldest)) &&
          (!a.latest || (a.inclusive ? m.ts <= a.latest : m.ts < a.latest));
        let all = (replies ? this.messages(c.id, String(a.ts)) : this.messages(c.id))
          .filter((m) => inRange(m) || (replies && m.ts === a.ts))
          .map(strip);
        if (!replies) all = all.reverse();
        if (!a.include_all_metadata) all = all.map(({ metadata: _m, ...rest }) => rest);
        const p = this.page(all, a, 100, 999);
        return {
          messages: p.items,
          has_more: p.meta.response_metadata.next_cursor !== "",
          ...p.meta,
        };
      }
      case "chat.postMessage": {
        const ref = String(a.channel ?? "");
        const c = /^[UW]/.test(ref)
          ? t.users.has(ref)
            ? this.im(t, me, ref)
            : undefined
          : ref.startsWith("#")
            ? [...t.channels.values()].find((x) => x.name === ref.slice(1) && !x.isDeleted)
            : this.chan(t, k, ref);
        if (!c) throw new Fail("channel_not_found");
        if (c.isArchived) throw new Fail("is_archived");
        if (!c.members.has(me) && !(k.scopes.has("chat:write.public") && !c.isPrivate))
          throw new Fail("not_in_channel");
        const m = this.store(
          c,
          { ...this.authored(t, k, a), ...this.content(a), ts: this.ts() },
          a.thread_ts as string | undefined,
          a.reply_broadcast === true,
        );
        const cut = String(a.text ?? "").length > 40_000;
        return {
          channel: c.id,
          ts: m.ts,
          message: strip(m),
          ...(cut
            ? {
                warning: "message_truncated",
                response_metadata: { warnings: ["message_truncated"] },
              }
            : {}),
        };
      }
      case "chat.update": {
        const c = this.chan(t, k, a.channel);
        if (c.isArchived) throw new Fail("is_inactive");
        const m = this.find(c, String(a.ts));
        if (m.bot_id !== k.botId) throw new Fail("cant_update_message");
        if (m.__streaming) throw new Fail("streaming_state_conflict");
        if (String(a.text ?? "").length > 4000) throw new Fail("msg_too_long");
        const previous = { ...m };
        const next = this.content(a);
        if (!a.blocks && !a.text) next.text = m.text;
        Object.assign(m, next, { edited: { user: me, ts: this.ts() } });
        if (a.text && !a.blocks) delete m.blocks;
        this.emitChanged(c, m, previous);
        return { channel: c.id, ts: m.ts, text: m.text, message: strip(m) };
      }
      case "chat.delete": {
        const c = this.chan(t, k, a.channel);
        const m = this.find(c, String(a.ts));
        if (m.bot_id !== k.botId || (m.subtype === "bot_message" && m.username))
          throw new Fail("cant_delete_message");
        this.drop(c, m);
        return { channel: c.id, ts: m.ts };
      }
      case "chat.postEphemeral": {
        const c = this.chan(t, k, a.channel, { member: true, live: true });
        if (!c.members.has(String(a.user))) throw new Fail("user_not_in_channel");
        const message_ts = this.ts();
        this.ephemerals.push({ channel: c.id, user: a.user, ...this.content(a), ts: message_ts });
        return { message_ts };
      }
      case "chat.getPermalink": {
        const c = this.chan(t, k, a.channel);
        const m = this.find(c, String(a.message_ts));
        return {
          channel: c.id,
          permalink: `https://${t.domain}.slack.com/archives/${c.id}/p${String(m.ts).replace(".", "")}${m.thread_ts && m.thread_ts !== m.ts ? `?thread_ts=${m.thread_ts}&cid=${c.id}` : ""}`,
        };
      }
      case "chat.startStream": {
        const c = this.opt.upstream
          ? this.ghost(t, String(a.channel))
          : this.chan(t, k, a.channel, { live: true, member: true });
        if (!c.isIm && !a.recipient_user_id) throw new Fail("missing_recipient_user_id");
        if (!c.isIm && !a.recipient_team_id) throw new Fail("missing_recipient_team_id");
        const m: Json = {
          ...this.authored(t, k, a),
          text: streamText(a),
          ts: this.ts(),
          __streaming: true,
        };
        if (this.opt.upstream) c.messages.push({ ...m, thread_ts: a.thread_ts });
        else this.store(c, m, a.thread_ts as string | undefined);
        return { channel: c.id, ts: m.ts };
      }
      case "chat.appendStream":
      case "chat.stopStream": {
        const c = this.opt.upstream ? this.ghost(t, String(a.channel)) : this.chan(t, k, a.channel);
        const m = this.find(c, String(a.ts));
        if (m.__stoppedByUser) throw new Fail("stopped_by_user");
        if (!m.__streaming) throw new Fail("message_not_in_streaming_state");
        if (String(a.markdown_text ?? "").length > 12_000) throw new Fail("msg_too_long");
        m.text += streamText(a);
        if (method === "chat.stopStream") {
          m.__streaming = false;
          if (a.blocks) m.blocks = a.blocks;
          return { channel: c.id, ts: m.ts, message: strip(m) };
        }
        return { channel: c.id, ts: m.ts };
      }
      case "reactions.add":
      case "reactions.remove": {
        const c = this.chan(t, k, a.channel);
        const m = this.find(c, String(a.timestamp));
        m.reactions ??= [];
        const r = (m.reactions as Json[]).find((x) => x.name === a.name);
        if (method === "reactions.add") {
          if (r?.users.includes(me)) throw new Fail("already_reacted");
          if (r) {
            r.users.push(me);
            r.count++;
          } else m.reactions.push({ name: a.name, users: [me], count: 1 });
        } else {
          if (!r?.users.includes(me)) throw new Fail("no_reaction");
          m.reactions = (m.reactions as Json[]).filter((x) => x !== r);
        }
        return {};
      }
      case "pins.add": {
        const m = this.find(this.chan(t, k, a.channel, { member: true }), String(a.timestamp));
        if (m.pinned) throw new Fail("already_pinned");
        m.pinned = true;
        return {};
      }
      case "bookmarks.add":
        this.chan(t, k, a.channel_id, { member: true });
        return {
          bookmark: {
            id: this.id("Bk"),
            channel_id: a.channel_id,
            title: a.title,
            link: a.link,
            type: a.type,
          },
        };
      case "files.getUploadURLExternal": {
        if (!a.filename || !a.length) throw new Fail("invalid_arguments");
        if (a.snippet_type && Number(a.length) > 1_000_000) throw new Fail("snippet_too_large");
        const id = this.id("F");
        this.files.set(id, {
          id,
          name: a.filename,
          size: Number(a.length),
          team: t.id,
          mode: a.snippet_type ? "snippet" : "hosted",
          uploaded: false,
        });
        return { upload_url: `${this.url}/upload/v1/${id}`, file_id: id };
      }
      case "files.completeUploadExternal": {
        const list = (a.files as Json[]) ?? [];
        const out = list.map((f) => {
          const file = this.files.get(f.id);
          if (!file?.uploaded) throw new Fail("file_not_found");
          file.title = f.title ?? file.name;
          return {
            id: file.id,
            title: file.title,
            name: file.name,
            size: file.size,
            mode: file.mode,
            permalink: `https://${t.domain}.slack.com/files/${me}/${file.id}/${file.name}`,
          };
        });
        for (const ref of [
          a.channel_id,
          ...(a.channels ? String(a.channels).split(",") : []),
        ].filter(Boolean)) {
          const c = this.chan(t, k, ref, { live: true, member: true });
          this.store(
            c,
            {
              ...this.authored(t, k, a),
              subtype: "file_share",
              text: String(a.initial_comment ?? ""),
              files: out,
              upload: true,
              ts: this.ts(),
            },
            a.thread_ts as string | undefined,
          );
        }
        return { files: out };
      }
      case "files.info": {
        const f = this.files.get(String(a.file));
        if (!f) throw new Fail("file_not_found");
        return { file: { ...f, content: undefined }, content: f.content };
      }
      case "views.publish": {
        const v = { id: this.id("V"), team_id: t.id, hash: String(this.ts()), ...(a.view as Json) };
        if (JSON.stringify(a.view).length > 250_000) throw new Fail("view_too_large");
        this.homes.set(String(a.user_id), v);
        return { view: v };
      }
      case "views.open": {
        const tr = this.triggers.get(String(a.trigger_id));
        if (!tr) throw new Fail("invalid_trigger_id");
        if (tr.used) throw new Fail("exchanged_trigger_id");
        if (Date.now() - tr.at > 3000) throw new Fail("expired_trigger_id");
        tr.used = true;
        const v: Json = {
          id: this.id("V"),
          team_id: t.id,
          hash: String(this.ts()),
          ...(a.view as Json),
        };
        this.views.set(v.id, v);
        return { view: v };
      }
      case "views.update": {
        const v = this.views.get(String(a.view_id));
        if (!v) throw new Fail("not_found");
        Object.assign(v, a.view);
        return { view: v };
      }
      case "assistant.threads.setStatus":
        this.threadStatus.set(`${a.channel_id}/${a.thread_ts}`, String(a.status ?? ""));
        return {};
      case "assistant.threads.setTitle":
      case "assistant.threads.setSuggestedPrompts":
        return {};
      case "agents.sessions.setStatus": {
        if (!t.agentSessions) throw new Fail("feature_disabled");
        if (!["active", "processing", "suspended", "closed"].includes(String(a.status)))
          throw new Fail("invalid_status");
        if (!a.thread_ts) throw new Fail("thread_ts_required");
        const key = `${a.channel_id}/${a.thread_ts}`;
        const s = this.agentSessions.get(key) ?? {
          channel: a.channel_id,
          thread_ts: a.thread_ts,
          title: a.title,
        };
        s.status = a.status;
        this.agentSessions.set(key, s);
        return {
          status: s.status,
          title: s.title,
          ...(this.botEvents.has("agent_session_stopped")
            ? {}
            : { warning: "missing_agent_session_stopped_event_subscription" }),
        };
      }
      case "agents.sessions.rename": {
        const s = this.agentSessions.get(`${a.channel_id}/${a.thread_ts}`);
        if (!s) throw new Fail("session_not_found");
        s.title = a.title;
        return { title: s.title };
      }
      default:
        throw new Fail("unknown_method", { req_method: method });
    }
  }
  private manifest(method: string, a: Json): Json {
    const m = a.manifest as Json | undefined;
    const errors: Json[] = [];
    if (!m || typeof m !== "object")
      throw new Fail("invalid_manifest", {
        errors: [{ message: "Manifest is not valid JSON", pointer: "/" }],
      });
    if (!m.display_information?.name)
      errors.push({ message: "Missing required field: name", pointer: "/display_information" });
    if (String(m.display_information?.name ?? "").length > 35)
      errors.push({
        message: "must be less than 36 characters",
        pointer: "/display_information/name",
      });
    const s = m.settings ?? {};
    if (s.event_subscriptions && !s.socket_mode_enabled && !s.event_subscriptions.request_url)
      errors.push({
        message: "Event Subscription requires either Request URL or Socket Mode Enabled",
        pointer: "/settings/event_subscriptions",
      });
    if (s.interactivity?.is_enabled && !s.socket_mode_enabled && !s.interactivity.request_url)
      errors.push({
        message: "Interactivity requires Socket Mode enabled",
        pointer: "/settings/interactivity",
      });
    if (errors.length) throw new Fail("invalid_manifest", { errors });
    if (method !== "apps.manifest.create") return {};
    return {
      app_id: this.appId,
      credentials: {
        client_id: this.clientId,
        client_secret: this.clientSecret,
        verification_token: "verification-token",
        signing_secret: "signing-secret",
      },
      oauth_authorize_url: `${this.authorizeUrl}?client_id=${this.clientId}&scope=${(m.oauth_config?.scopes?.bot ?? []).join(",")}`,
    };
  }
  private async upload(id: string, req: Request): Promise<Response> {
    const f = this.files.get(id);
    if (!f) return new Response("no such upload", { status: 404 });
    const type = req.headers.get("content-type") ?? "";
    let bytes: Uint8Array;
    if (type.startsWith("multipart/")) {
      const form = await req.formData();
      const part = [...form.values()].find((v) => typeof v !== "string") as Blob | undefined;
      bytes = new Uint8Array(await (part ?? new Blob([])).arrayBuffer());
    } else bytes = new Uint8Array(await req.arrayBuffer());
    if (bytes.length !== f.size)
      return new Response(`length mismatch: announced ${f.size}, got ${bytes.length}`, {
        status: 400,
      });
    f.uploaded = true;
    f.content = new TextDecoder().decode(bytes);
    return new Response(`OK - ${bytes.length}`);
  }
  private async respond(id: string, req: Request): Promise<Response> {
    const r = this.responseUrls.get(id);
    if (!r || Date.now() - r.at > 1_800_000) return json({ ok: false, error: "expired_url" }, 404);
    if (++r.uses > 5) return json({ ok: false, error: "used_url" }, 404);
    const body = (await req.json()) as Json;
    this.responses.push({ id, body });
    if (r.channel && r.ts && (body.replace_original || body.delete_original)) {
      const c = this.channel(r.channel);
      const m = c.messages.find((x) => x.ts === r.ts);
      if (m && body.delete_original) this.drop(c, m);
      else if (m) {
        const previous = { ...m };
        Object.assign(m, { text: body.text ?? m.text, blocks: body.blocks });
        this.emitChanged(c, m, previous);
      }
    }
    return json({ ok: true });
  }

  // -------------------------------------------------------------- gateway to a third-party emulator

  private async proxy(req: Request, url: URL, raw?: string): Promise<Response> {
    const h = new Headers(req.headers);
    for (const k of ["host", "content-length", "connection", "accept-encoding"]) h.delete(k);
    const r = await fetch(this.opt.upstream + url.pathname + url.search, {
      method: req.method,
      headers: h,
      body: req.method === "GET" ? null : (raw ?? (await req.arrayBuffer())),
      redirect: "manual",
    });
    const out = new Headers(r.headers);
    for (const k of ["content-encoding", "content-length", "transfer-encoding"]) out.delete(k);
    return new Response(await r.arrayBuffer(), { status: r.status, headers: out });
  }
  private async viaUpstream(method: string, req: Request, raw: string, url: URL): Promise<Json> {
    const r = await this.proxy(req, url, raw);
    if (r.status === 404) throw new Fail("unknown_method", { req_method: method });
    const text = (await r.text()).replaceAll(`${this.opt.upstream}/upload/`, `${this.url}/upload/`);
    const body = JSON.parse(text) as Json;
    if (!body.ok) return body;
    const bearer = req.headers.get("authorization")?.slice(7) ?? "";
    if (method === "oauth.v2.access")
      this.adopt(body.team, body.access_token, body.bot_user_id, body.scope, body.authed_user?.id);
    if (method === "auth.test" && !this.tokens.has(bearer))
      this.adopt({ id: body.team_id, name: body.team }, bearer, body.user_id, "", "", body.bot_id);
    const k = this.tokens.get(bearer);
    const t = k && this.teams.get(k.team);
    if (k && t) {
      if (body.channel?.id && body.channel?.name) {
        const c = this.ghost(t, body.channel.id);
        c.name = body.channel.name;
        c.isPrivate = body.channel.is_private === true;
        if (body.channel.is_member !== false) c.members.add(k.user);
      }
      if (method === "chat.postMessage") {
        const c = this.ghost(t, body.channel);
        c.members.add(k.user);
        const m = { ...body.message, bot_id: k.botId, app_id: this.appId };
        c.messages.push(m);
        this.emitMessage(c, m);
      }
      if (method === "chat.update") {
        const c = this.ghost(t, body.channel);
        const m = c.messages.find((x) => x.ts === body.ts);
        if (m) {
          const previous = { ...m };
          Object.assign(m, body.message);
          this.emitChanged(c, m, previous);
        }
      }
      if (method === "chat.delete") {
        const c = this.ghost(t, body.channel);
        const m = c.messages.find((x) => x.ts === body.ts);
        if (m) this.drop(c, m);
      }
    }
    return body;
  }
  /** Learns an installation made at the upstream emulator. */
  adopt(
    team: { id: string; name: string },
    token: string,
    botUserId: string,
    scope: string,
    installer = "",
    botId?: string,
  ): void {
    const t = this.teams.get(team.id) ?? this.addTeam({ id: team.id, name: team.name, users: [] });
    t.install = {
      team: t.id,
      token,
      botUserId,
      botId: botId ?? `B${botUserId.slice(1)}`,
      scopes: new Set(scope.split(",").filter(Boolean)),
      installer,
    };
    if (!t.users.has(botUserId)) this.addUser(t, { id: botUserId, name: "polaris", isBot: true });
    this.tokens.set(token, {
      value: token,
      kind: "bot",
      team: t.id,
      scopes: t.install.scopes,
      user: botUserId,
      botId: t.install.botId,
      revoked: false,
    });
  }
  private ghost(t: Team, id: string): Channel {
    const hit = t.channels.get(id);
    if (hit) return hit;
    const c = this.makeChannel(t, id, "", false, []);
    t.channels.delete(c.id);
    c.id = id;
    c.isIm = id.startsWith("D");
    t.channels.set(id, c);
    return c;
  }
  private async sayUpstream(
    c: Channel,
    u: User,
    text: string,
    o: { thread?: string },
  ): Promise<Json> {
    const token = this.opt.upstreamUserTokens?.[u.id];
    if (!token) throw new Error(`fake-slack: upstreamUserTokens has no token for ${u.id}`);
    const r = (await (
      await fetch(`${this.opt.upstream}/api/chat.postMessage`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ channel: c.id, text, thread_ts: o.thread }),
      })
    ).json()) as Json;
    if (!r.ok) throw new Error(`fake-slack: upstream refused: ${r.error}`);
    const m = { client_msg_id: crypto.randomUUID(), ...r.message, user: u.id, team: c.team };
    c.messages.push(m);
    this.emitMessage(c, m);
    return m;
  }

  // -------------------------------------------------------------- control from another process

  /** POST /_fake/<public method> with a JSON array of arguments; GET /_fake/state. */
  private async control(what: string, req: Request): Promise<Response> {
    if (what === "state")
      return json({
        connections: this.connections,
        opened: this.opened,
        requests: this.requests.length,
        lost: this.lost.length,
        unacked: this.unacked.length,
        strayAcks: this.strayAcks,
        teams: [...this.teams.values()].map((t) => ({
          id: t.id,
          name: t.name,
          users: [...t.users.values()],
          channels: [...t.channels.values()].map((c) => ({
            id: c.id,
            name: c.name,
            members: [...c.members],
            messages: c.messages,
          })),
        })),
      });
    const allowed = [
      "install",
      "uninstall",
      "say",
      "edit",
      "remove",
      "react",
      "slash",
      "click",
      "messageShortcut",
      "submitView",
      "openHome",
      "stopAgent",
      "adminRename",
      "adminArchive",
      "adminDelete",
      "kickBot",
      "disconnect",
      "kill",
      "freeze",
      "thaw",
      "pings",
      "fault",
      "messages",
      "calls",
    ];
    if (!allowed.includes(what)) return json({ error: `no such control: ${what}` }, 404);
    try {
      const args = (await req.json().catch(() => [])) as unknown[];
      const out = await (this as unknown as Record<string, (...x: unknown[]) => unknown>)[what]?.(
        ...args,
      );
      return json(out ?? null);
    } catch (e) {
      return json({ error: (e as Error).message }, 400);
    }
  }
}
