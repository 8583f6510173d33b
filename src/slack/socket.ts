/**
 * One standing Socket Mode connection of a Slack app, on Bun's own WebSocket. It differs from Bolt's receiver where it
 * matters to a bridge: an envelope is acknowledged by whom it is handed to, after it is stored; a routine refresh opens
 * the new connection before the old one goes (5 ms instead of 5 s without one); a connection that has gone silent is
 * replaced after `deadAfterMs`. Behind a proxy it works too: Bun's fetch obeys HTTPS_PROXY, its WebSocket must be told.
 */
import { backoff, pause } from "../lib/backoff.ts";
import { brief, type Log } from "../lib/log.ts";
import { type Envelope, Frame, Ticket } from "./envelope.ts";
import { proxyOf } from "./proxy.ts";

export type SocketState = "connecting" | "connected" | "refused" | "stopped";

export interface SocketOptions {
  appToken: string;
  /** With a slash at the end. */
  apiUrl: string;
  log: Log;
  onEnvelope(envelope: Envelope, ack: (payload?: unknown) => void): void;
  /** `gapMs`: how long nothing could arrive, when a connection is there again. */
  onState?(state: SocketState, detail: { error?: string; word?: string; gapMs?: number }): void;
  pingMs?: number | undefined;
  deadAfterMs?: number | undefined;
  drainMs?: number | undefined;
  /** Between tries when Slack refuses the token: somebody has to act first. */
  refusedMs?: number | undefined;
}

/** Retrying alone cannot help: the token, the app or the workspace has to change. */
const REFUSED = new Set([
  "not_authed",
  "invalid_auth",
  "account_inactive",
  "user_removed_from_team",
  "team_disabled",
  "not_allowed_token_type",
  "missing_scope",
  "token_revoked",
]);

/** The browser's types, which ours share with the dashboard, hide what Bun's can do: proxies, ping, terminate. */
const BunSocket = WebSocket as unknown as new (
  url: string,
  options: Bun.WebSocketOptions,
) => Bun.WebSocket;

interface Link {
  ws: Bun.WebSocket;
  isReady: boolean;
  isLeaving: boolean;
  heardAt: number;
  beat?: ReturnType<typeof setInterval>;
}

export function startSocket(options: SocketOptions) {
  const { appToken, apiUrl, log, onEnvelope, onState = () => {} } = options;
  const { pingMs = 10_000, deadAfterMs = 25_000, drainMs = 3000, refusedMs = 60_000 } = options;
  const links = new Set<Link>();
  const stopping = new AbortController();
  const retry = backoff({ firstMs: 250, maxMs: 30_000 });
  let replacing: Promise<void> | undefined;
  let deafSince: number | undefined = performance.now();

  const isConnected = () => [...links].some((link) => link.isReady && !link.isLeaving);

  /** Dials until one says hello; one such loop at a time. */
  function replace(): Promise<void> {
    replacing ??= dialling().finally(() => {
      replacing = undefined;
    });
    return replacing;
  }

  async function dialling(): Promise<void> {
    while (!stopping.signal.aborted && !isConnected()) {
      try {
        await dial(await ticket());
        retry.reset();
        const gapMs = deafSince === undefined ? 0 : Math.round(performance.now() - deafSince);
        deafSince = undefined;
        onState("connected", { gapMs });
      } catch (error) {
        const refused = error instanceof Refused;
        const wait = refused ? refusedMs : error instanceof Later ? error.ms : retry.next();
        const word = refused ? { word: error.message } : {};
        onState(refused ? "refused" : "connecting", { error: brief(error), ...word });
        log.warn("slack.socket_failed", { error: brief(error), nextMs: Math.round(wait) });
        await pause(wait, stopping.signal);
      }
    }
  }

  async function ticket(): Promise<string> {
    const response = await fetch(`${apiUrl}apps.connections.open`, {
      method: "POST",
      headers: { authorization: `Bearer ${appToken}` },
      signal: AbortSignal.any([AbortSignal.timeout(10_000), stopping.signal]),
    });
    if (response.status === 429) throw new Later(Number(response.headers.get("retry-after") ?? 30));
    if (!response.ok) throw new Error(`apps.connections.open answered HTTP ${response.status}`);
    const { ok, url, error = "no address" } = Ticket.parse(await response.json());
    if (ok && url) return url;
    throw REFUSED.has(error) ? new Refused(error) : new Error(`apps.connections.open: ${error}`);
  }

  function dial(url: string): Promise<void> {
    const proxy = proxyOf(url);
    const ws = new BunSocket(url, proxy ? { proxy } : {});
    const link: Link = { ws, isReady: false, isLeaving: false, heardAt: performance.now() };
    links.add(link);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const patience = setTimeout(() => {
      reject(new Error("Slack said no hello within 10 s"));
      bury(link);
    }, 10_000);
    const heard = () => {
      link.heardAt = performance.now();
    };
    ws.addEventListener("ping", heard);
    ws.addEventListener("pong", heard);
    ws.addEventListener("message", ({ data }) => {
      heard();
      const frame = read(String(data));
      if (!frame) return;
      if ("envelope_id" in frame) return onEnvelope(frame, (payload) => ack(link, frame, payload));
      if (frame.type === "disconnect") return leave(link, frame.reason);
      clearTimeout(patience);
      link.isReady = true;
      link.beat = setInterval(() => beat(link), pingMs);
      resolve();
    });
    ws.addEventListener("close", ({ code }) => {
      clearTimeout(patience);
      reject(new Error(`closed with code ${code}`));
      bury(link);
    });
    ws.addEventListener("error", () => reject(new Error("the WebSocket failed")));
    return promise;
  }

  function read(text: string) {
    try {
      return Frame.parse(JSON.parse(text));
    } catch (error) {
      log.warn("slack.frame_unknown", { error: brief(error) });
      return undefined;
    }
  }

  function ack(link: Link, { envelope_id }: Envelope, payload: unknown): void {
    if (link.ws.readyState !== WebSocket.OPEN) return; // Slack sends it again
    const more = payload
      ? { payload: typeof payload === "string" ? { text: payload } : payload }
      : {};
    link.ws.send(JSON.stringify({ envelope_id, ...more }));
  }

  /** Slack asks to go. Until the new connection stands, the old one is still read and answered. */
  function leave(link: Link, reason: string): void {
    if (reason === "link_disabled") onState("refused", { error: reason, word: reason });
    if (reason === "too_many_websockets") for (let n = 0; n < 6; n++) retry.next();
    const isOver = reason === "link_disabled" || reason === "too_many_websockets";
    link.isLeaving = true;
    if (isOver) return void setTimeout(() => bury(link), 100);
    void replace().then(() => setTimeout(() => bury(link), drainMs));
  }

  function beat(link: Link): void {
    if (performance.now() - link.heardAt > deadAfterMs) {
      log.warn("slack.socket_silent");
      bury(link);
    } else if (link.ws.readyState === WebSocket.OPEN) link.ws.ping();
  }

  function bury(link: Link): void {
    clearInterval(link.beat);
    if (!links.delete(link)) return;
    if (link.ws.readyState < WebSocket.CLOSING) link.ws.close(1000);
    // A half-open connection answers no closing handshake.
    if (link.ws.readyState !== WebSocket.CLOSED) setTimeout(() => link.ws.terminate(), 500);
    if (stopping.signal.aborted || isConnected()) return;
    deafSince ??= performance.now();
    onState("connecting", {});
    void replace();
  }

  void replace();

  return {
    get isConnected(): boolean {
      return isConnected();
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      for (const link of links) bury(link);
      await replacing;
      onState("stopped", {});
    },
  };
}
export type SlackSocket = ReturnType<typeof startSocket>;

class Refused extends Error {}
class Later extends Error {
  readonly ms: number;
  constructor(seconds: number) {
    super(`rate limited for ${seconds} s`);
    this.ms = seconds * 1000;
  }
}
