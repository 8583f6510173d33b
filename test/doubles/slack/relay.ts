import type { Socket, TCPSocketListener } from "bun";

/** A TCP hop in front of the WebSocket, so that a test can make the network go silent without closing anything. */
export class TcpRelay {
  frozen = false;
  private readonly listener: TCPSocketListener<RelayData>;
  private readonly held: (() => void)[] = [];
  private readonly hostname: string;
  constructor(hostname: string, target: number) {
    this.hostname = hostname;
    const flush = (s: Socket<RelayData>): void => {
      const q = s.data.queue;
      while (q.length) {
        const chunk = q[0] as Uint8Array;
        const n = s.write(chunk);
        if (n < chunk.length) {
          q[0] = chunk.subarray(Math.max(n, 0));
          return;
        }
        q.shift();
      }
    };
    const send = (to: Socket<RelayData> | undefined, data: Uint8Array): void => {
      if (!to) return;
      to.data.queue.push(data);
      flush(to);
    };
    const self = this;
    const handlers = {
      data(s: Socket<RelayData>, d: Uint8Array) {
        const copy = new Uint8Array(d);
        if (self.frozen) self.held.push(() => send(s.data.peer, copy));
        else if (s.data.peer) send(s.data.peer, copy);
        else s.data.early.push(copy);
      },
      drain: flush,
      close(s: Socket<RelayData>) {
        s.data.peer?.end();
      },
      error(s: Socket<RelayData>) {
        s.data.peer?.end();
      },
    };
    this.listener = Bun.listen<RelayData>({
      hostname,
      port: 0,
      socket: {
        ...handlers,
        open(client) {
          client.data = { queue: [], early: [] };
          Bun.connect<RelayData>({
            hostname,
            port: target,
            socket: {
              ...handlers,
              open(server) {
                server.data = { queue: [], early: [], peer: client };
                client.data.peer = server;
                for (const d of client.data.early.splice(0)) send(server, d);
              },
            },
          }).catch(() => client.end());
        },
      },
    });
  }
  get url(): string {
    return `ws://${this.hostname}:${this.listener.port}`;
  }
  thaw(): void {
    this.frozen = false;
    for (const f of this.held.splice(0)) f();
  }
  stop(): void {
    this.listener.stop(true);
  }
}
export interface RelayData {
  queue: Uint8Array[];
  early: Uint8Array[];
  peer?: Socket<RelayData>;
}
