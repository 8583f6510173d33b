import {
  ALL_BOT_EVENTS,
  type Channel,
  type Conn,
  type Delivery,
  type FakeSlackOptions,
  type Fault,
  type Json,
  type PendingDelivery,
  type RequestLog,
  type SeedTeam,
  type SeedUser,
  type Team,
  type Token,
  type User,
} from "./model.ts";
import type { TcpRelay } from "./relay.ts";

/** What the double knows: workspaces, people, channels, tokens; and how tests look at it. */
export class World {
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
  protected readonly opt: FakeSlackOptions;
  protected readonly tokens = new Map<string, Token>();
  protected readonly codes = new Map<
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
  protected readonly tickets = new Map<string, { app: string; used: boolean }>();
  protected readonly conns = new Set<Conn>();
  protected readonly pending = new Map<string, PendingDelivery>();
  protected readonly buckets = new Map<string, { tokens: number; at: number }>();
  protected readonly faults: (Fault & { method: string; left: number })[] = [];
  protected readonly triggers = new Map<string, { at: number; used: boolean }>();
  protected readonly responseUrls = new Map<
    string,
    { at: number; uses: number; channel?: string | undefined; ts?: string | undefined }
  >();
  protected redirectUrls: string[] | undefined;
  protected server!: ReturnType<typeof Bun.serve>;
  protected relay!: TcpRelay;
  protected seq = 0;
  protected connSeq = 0;
  protected rr = 0;
  protected lastTs = 0;
  protected tsSub = 0;

  protected constructor(opt: FakeSlackOptions) {
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
  protected now(): number {
    return this.opt.now ? this.opt.now() : Date.now();
  }
  protected id(prefix: string): string {
    return prefix + (36 ** 9 + ++this.seq * 7919).toString(36).toUpperCase();
  }
  /** Unique, increasing, and shaped like Slack's: seconds, a dot, six digits. */
  protected ts(): string {
    const s = Math.max(Math.floor(this.now() / 1000), this.lastTs);
    this.tsSub = s === this.lastTs ? this.tsSub + 1 : 1;
    this.lastTs = s;
    return `${s}.${String(this.tsSub * 100 + 19).padStart(6, "0")}`;
  }

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
      home: seed.home,
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
  /** Whether people of another workspace are in it. */
  isExternal({ team, members }: Channel): boolean {
    const { users } = this.team(team);
    return [...members].some((id) => users.get(id)?.home !== undefined);
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

  /** It behaves again. */
  mend(method: string): void {
    for (const fault of this.faults) if (fault.method === method) fault.left = 0;
  }

  protected makeChannel(
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
}
