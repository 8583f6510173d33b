import { readFileSync } from "node:fs";
import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import type { Handover } from "../wire/local.ts";

/** What a server that may speak as a channel says of itself. */
export const CHANNEL = { experimental: { "claude/channel": {} } };

const FLAG = /^--(?:channels|dangerously-load-development-channels)(?:=|$)/;

/**
 * Whether the agent was started with us as a channel. The protocol does not tell; an agent that was not drops what is
 * said on one without a word. So its command line is asked.
 */
export function isChannel(pid: number): boolean {
  const words = commandLine(pid);
  const at = words.findIndex((word) => FLAG.test(word));
  return at >= 0 && words.slice(at).some((word) => word.includes("polaris"));
}

function commandLine(pid: number): string[] {
  try {
    if (process.platform === "linux") {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    }
    const { stdout } = Bun.spawnSync(["ps", "-o", "args=", "-p", String(pid)]);
    return stdout.toString().split(/\s+/);
  } catch {
    return [];
  }
}

export const speak = (server: Server, { injection, content, meta }: Handover): Promise<void> =>
  server.notification({
    method: "notifications/claude/channel",
    params: { content, meta: { ...meta, message_id: injection } },
  });
