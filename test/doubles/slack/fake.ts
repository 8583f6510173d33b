/**
 * A Slack in memory for tests, on loopback. Each file beside this one adds one part of it to the one before: `world`
 * (what there is), `sockets`, `events`, `gateway`, `consent`, `apps`, `people`, `admins`, `shapes`, `conversations`, `chat`,
 * `methods`, `limits`, `behind`, and here HTTP.
 *
 *   const slack = FakeSlack.start({ teams: [{ name: "Acme", users: [{ name: "manu" }] }] });
 *
 * What it is faithful to: Web API envelopes (HTTP 200 + ok:false, 429 + Retry-After, missing_scope, cursors),
 * channel naming and name_taken, message shapes (bot identity versus customised identity), OAuth v2 with token
 * rotation, Socket Mode (single-use tickets, hello, ping frames, acks, retries of unacked events with the same
 * event_id and a new envelope_id, 10-connection limit, disconnect frames, half-open sockets).
 * Numbers Slack does not publish (burst sizes, workspace-wide post limit, Socket Mode retry delays) are options.
 *
 * Gateway mode: with `upstream` set to a third-party Slack emulator (`emulate`), Web API and OAuth calls are answered
 * by that emulator; the double only adds what it lacks (the lists in `emulate.ts`).
 */
import { Behind } from "./behind.ts";
import { parseArgs } from "./checks.ts";
import {
  type ConnData,
  Fail,
  type FakeSlackOptions,
  type Json,
  json,
  RateLimited,
  type RequestLog,
  type Token,
} from "./model.ts";
import { TcpRelay } from "./relay.ts";

export class FakeSlack extends Behind {
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

  protected async route(
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
      return this.opt.upstream && !url.searchParams.has("fake_deny")
        ? this.proxy(req, url)
        : this.authorizePage(url);
    const isUpload = url.pathname.startsWith("/upload/v1/");
    const fault = isUpload ? this.takeFault("upload", {}) : undefined;
    if (fault) return this.misbehave(fault);
    if (isUpload)
      return this.opt.upstream
        ? this.proxy(req, url)
        : this.upload(url.pathname.split("/").pop() as string, req);
    if (url.pathname.startsWith("/apps")) return this.appsPage(url, req);
    if (url.pathname.startsWith("/response/"))
      return this.respond(url.pathname.split("/").pop() as string, req);
    if (url.pathname.startsWith("/_fake/")) return this.control(url.pathname.slice(7), req);
    return new Response("not found", { status: 404 });
  }

  protected async api(method: string, req: Request, url: URL): Promise<Response> {
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
      if (!this.isHere(method)) body = await this.viaUpstream(method, args, req, raw, url);
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
  /** POST /_fake/<public method> with a JSON array of arguments; GET /_fake/state. */
  protected async control(what: string, req: Request): Promise<Response> {
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
