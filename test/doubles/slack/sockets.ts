import type { ServerWebSocket } from "bun";
import type { Conn, ConnData, Delivery, Json, PendingDelivery } from "./model.ts";
import { World } from "./world.ts";

/** Socket Mode: single-use tickets, hello, receipts, repetitions, refreshes, cuts and silence. */
export class Sockets extends World {
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

  protected sayGoodbye(c: Conn, reason: string, graceMs: number): void {
    c.closing = true;
    c.ws.send(JSON.stringify({ type: "disconnect", reason, debug_info: { host: "applink-fake" } }));
    setTimeout(() => {
      if (this.conns.has(c)) c.ws.close(1000, reason);
    }, graceMs);
  }
  protected onOpen(ws: ServerWebSocket<ConnData>): void {
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
  protected onClose(ws: ServerWebSocket<ConnData>): void {
    const c = ws.data.conn;
    if (!c) return;
    this.conns.delete(c);
    this.opt.log?.(`ws ${c.id} closed`);
    for (const d of new Set(this.pending.values()))
      if (d.attempts.at(-1)?.conn === c.id) this.missed(d);
  }
  protected onFrame(ws: ServerWebSocket<ConnData>, data: string | Buffer): void {
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
  protected attempt(d: PendingDelivery): void {
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
  protected missed(d: PendingDelivery): void {
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
}
