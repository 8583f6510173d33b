import { createServer } from "node:net";
import { join } from "node:path";
import { z } from "zod";
import { program } from "../helpers/service.ts";
import type { World } from "./world.ts";

const Message = z.object({
  type: z.literal("user"),
  from: z.string(),
  session_id: z.string(),
  message: z.object({ content: z.string() }),
});
export type Message = z.infer<typeof Message>;

/** The inbox of an agent session as its client opens it: a socket that takes lines and answers nothing. */
export async function startInbox(world: Pick<World, "folder">, heard?: () => void) {
  const got: Message[] = [];
  const path = join(world.folder, "inbox.sock");
  const server = createServer((socket) => {
    let text = "";
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.on("end", () => {
      for (const line of text.split("\n").filter(Boolean)) {
        const message = Message.safeParse(JSON.parse(line));
        if (message.success) got.push(message.data);
      }
      heard?.();
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    path,
    got,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** `polaris mcp` as the agent starts it: a child of the agent's process, which here is the test's. */
export function startMcp(world: Pick<World, "place" | "folder">, inbox: string | undefined) {
  const child = Bun.spawn([...program, "mcp"], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "ignore",
    env: {
      PATH: process.env.PATH ?? "",
      HOME: world.folder,
      POLARIS_HOME: world.place.home,
      CLAUDE_CODE_SESSION_ID: "one",
      ...(inbox ? { CLAUDE_CODE_MESSAGING_SOCKET: inbox } : {}),
    },
  });
  return {
    child,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

/** The line of a `polaris mcp` to the recorder, as that opens it, and what is said on it. */
export async function openStation(
  { place }: Pick<World, "place">,
  id: string = crypto.randomUUID(),
) {
  const gone = new AbortController();
  const who = { id, pid: process.pid, agentSession: "one", ways: ["socket"], written: [] };
  const response = await fetch("http://polaris/station", {
    unix: place.socket,
    signal: gone.signal,
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(who),
  });
  let said = "";
  const reading = (async () => {
    for await (const chunk of response.body ?? []) said += new TextDecoder().decode(chunk);
  })().catch(() => undefined);
  return {
    said: () => said,
    async [Symbol.asyncDispose]() {
      gone.abort();
      await reading;
    },
  };
}
