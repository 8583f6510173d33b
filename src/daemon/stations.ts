import pkg from "../../package.json" with { type: "json" };
import type { About, Handover, Station } from "../wire/local.ts";
import { TOOLS, ToolList } from "../wire/tools.ts";
import type { Bound } from "./bindings.ts";

/** The processes inside agents that can hand something over: one `polaris mcp` for each agent process. */
export interface Stations {
  /** Its line, open until it or the recorder goes; nothing is said on it but what is handed over. */
  open(station: Station, signal: AbortSignal): Response;
  /** The one inside the process where this agent session runs now. */
  of(bound: Pick<Bound, "pid" | "agent_session">): Station | undefined;
  /** Answers whether its line was open. */
  push(station: Station, handover: Handover): boolean;
  close(): void;
}

export function startStations(changed: () => void): Stations {
  const lines = new Map<string, { station: Station; send(text: string): void; end(): void }>();
  const encoder = new TextEncoder();
  const about: About = { version: pkg.version, tools: ToolList.parse(TOOLS) };

  function open(station: Station, signal: AbortSignal): Response {
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        const end = () => {
          if (lines.get(station.id) !== line) return;
          lines.delete(station.id);
          try {
            controller.close();
          } catch {
            // The far end was quicker.
          }
          changed();
        };
        const line = {
          station,
          send: (text: string) => controller.enqueue(encoder.encode(text)),
          end,
        };
        lines.get(station.id)?.end();
        lines.set(station.id, line);
        signal.addEventListener("abort", end, { once: true });
        line.send(`${JSON.stringify(about)}\n`);
        setImmediate(changed);
      },
    });
    return new Response(stream, { headers: { "content-type": "application/x-ndjson" } });
  }

  return {
    open,
    of({ pid, agent_session }) {
      const all = [...lines.values()].map(({ station }) => station);
      // The process is the surer sign: the agent session changes in it, and the latest to come is its own.
      return (
        all.findLast((station) => pid !== null && station.pid === pid) ??
        all.findLast((station) => pid === null && station.agentSession === agent_session)
      );
    },
    push(station, handover) {
      const line = lines.get(station.id);
      line?.send(`${JSON.stringify(handover)}\n`);
      return line !== undefined;
    },
    close() {
      for (const line of [...lines.values()]) line.end();
    },
  };
}
