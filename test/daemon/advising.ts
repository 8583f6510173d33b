import { hook, line, say, until, type World } from "./world.ts";

/** A recorded session of an agent whose process is this one, and a server that sends advice to it. */
export async function begun(world: World, session = "one", pid = process.pid): Promise<void> {
  await world.link();
  await world.begin(session, {}, pid);
  await world.drained();
}

let seq = 100;

/** What the server's stream says about advice for the session. */
export async function tell(world: World, kind: string, more: Record<string, unknown> = {}) {
  const id = Bun.randomUUIDv7();
  const at = new Date().toISOString();
  const body = { from: "user:krishna", name: "Krishna", ...more };
  const event = { id, seq: ++seq, kind, at, sender: "user:krishna", text: more.text, body };
  await until(() => world.server.tell(event.seq, event) > 0, { what: "an open stream" });
  return id;
}

export const receipts = (world: World, injection: string) =>
  world.server.order
    .filter(({ body }) => body.injection === injection)
    .map(({ kind, body }) => [kind, body.route]);

/** The agent reads it: a line of its transcript, and a hook that says so. */
export async function reads(world: World, injection: string, words: string): Promise<void> {
  say(world.transcript(), line(words, { kind: "user.message", injection }));
  await world.post(hook({ session: "one", hook: "Prompt", turn: "open" }));
}
