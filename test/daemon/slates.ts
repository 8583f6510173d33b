import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { claude } from "../../src/agents/claude/index.ts";
import { startDaemon } from "../../src/daemon/daemon.ts";
import { silent } from "../../src/lib/log.ts";
import { callHook } from "../helpers/agent.ts";
import { program, startService } from "../helpers/service.ts";
import { makeWorld, until } from "./world.ts";

/** A world in which Claude Code speaks: through `polaris hook`, a process for each call. */
export function makeSlates() {
  const world = makeWorld();
  const env = {
    HOME: world.folder,
    PATH: process.env.PATH ?? "",
    POLARIS_HOME: world.place.home,
    BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0",
  };
  const payload = (name: string, fields: object, session: string) => ({
    session_id: session,
    transcript_path: join(world.folder, "agent", `${session}.jsonl`),
    cwd: world.work,
    hook_event_name: name,
    ...fields,
  });
  const says = (message: string, session = "one") =>
    payload("Notification", { message, notification_type: "permission_prompt" }, session);
  const slate = (session = "one") => join(world.place.slates, session);
  return {
    ...world,
    env,
    says,
    slate,
    starts: (source = "startup", session = "one") => payload("SessionStart", { source }, session),
    hook: (of: object) => callHook(env, of),
    hangs: (session = "one") => existsSync(slate(session)),
    /** What lies there: sessions' slates, and files in the spool but for the slate that always hangs there. */
    left: () =>
      [world.place.slates, world.place.spool]
        .flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : []))
        .filter((name) => name !== "calls.jsonl"),
    notices: () =>
      world.server.order.filter(({ kind }) => kind === "notice").map(({ text }) => text),
    hears: (texts: string[]) =>
      until(
        () => world.server.order.filter(({ kind }) => kind === "notice").length >= texts.length,
        {
          what: `the server to have ${texts.length} notices`,
          timeoutMs: 20_000,
        },
      ),
  };
}
export type SlateWorld = ReturnType<typeof makeSlates>;

/** The recorder inside the test's own process. */
export const startHere = (world: SlateWorld) =>
  startDaemon({ home: world.place.home, agents: [claude], log: silent });

/** As people run it. */
export const serviceIn = ({ env, folder }: SlateWorld) =>
  startService({ args: () => ["daemon", "--json"], env, log: join(folder, "daemon.log") });

export { program, until };
