import { z } from "zod";
import { brief, type Log } from "../lib/log.ts";
import { PolarisError } from "../wire/error.ts";
import { Import, Recover } from "../wire/job.ts";
import {
  Given,
  Handed,
  HookCall,
  Join,
  Leave,
  type Line,
  Link,
  Pause,
  Station,
  type Status,
  type Unknown,
  Unlink,
} from "../wire/local.ts";
import { ToolCall } from "../wire/tools.ts";
import type { Hooks } from "./hooks.ts";
import type { Jobs } from "./jobs.ts";
import type { Mailbox } from "./mailbox.ts";
import type { Members } from "./members.ts";
import type { Pauses } from "./pauses.ts";
import type { Tools } from "./tools.ts";

interface Needs {
  hooks: Hooks;
  members: Members;
  pauses: Pauses;
  jobs: Jobs;
  mailbox: Mailbox;
  tools: Tools;
  status: () => Status;
  line: (agentSession: string) => Line;
  unknown: () => Unknown[];
  /** What hooks have left is taken up; undefined while there is nothing. */
  before: () => Promise<void> | undefined;
  log: Log;
}

/** What a route does with the body of a request, already read as JSON. */
type Act = (json: unknown) => unknown;

/** Everything the socket answers, in one table; Bun finds the route before any of our code runs. */
export function routes({
  hooks,
  members,
  pauses,
  jobs,
  mailbox,
  tools,
  status,
  line,
  unknown,
  before,
  log,
}: Needs) {
  const table = {
    "/status": get("/status", async () => {
      await before();
      return status();
    }),
    "/statusline": get("/statusline", ({ url }) =>
      line(new URL(url).searchParams.get("session") ?? ""),
    ),
    "/unknown": get("/unknown", () => unknown()),
    "/hook": post("/hook", async (json) => {
      const call = parse(json, HookCall);
      return await mailbox.answer(call, await hooks.take(call));
    }),
    "/station": {
      POST: serve("POST /station", async (request) => {
        return await mailbox.station(parse(await body(request), Station), request.signal);
      }),
    },
    "/tool": post("/tool", (json) => tools(parse(json, ToolCall))),
    "/handed": post("/handed", (json) => mailbox.handed(parse(json, Handed))),
    "/given": post("/given", (json) => mailbox.given(parse(json, Given))),
    "/join": post("/join", (json) => members.join(parse(json, Join))),
    "/leave": post("/leave", (json) => members.leave(parse(json, Leave))),
    "/pause": post("/pause", (json) => pauses.pause(parse(json, Pause))),
    "/resume": post("/resume", (json) => pauses.resume(parse(json, Pause))),
    "/import": post("/import", (json) => jobs.import(parse(json, Import))),
    "/recover": post("/recover", (json) => jobs.recover(parse(json, Recover))),
    "/job": get("/job", ({ url }) => jobs.get(new URL(url).searchParams.get("id") ?? "")),
    "/link": post("/link", (json) => members.link(parse(json, Link))),
    "/unlink": post("/unlink", (json) => members.unlink(parse(json, Unlink))),
  };

  function get(path: string, act: (request: Request) => unknown) {
    return { GET: serve(`GET ${path}`, act) };
  }

  function post(path: string, act: Act) {
    return {
      POST: serve(`POST ${path}`, async (request) => {
        const json = await body(request);
        // It was left before this was asked.
        const waits = before();
        if (waits) await waits;
        return await act(json);
      }),
    };
  }

  function serve(route: string, act: (request: Request) => unknown) {
    return async (request: Request): Promise<Response> => {
      try {
        const answer = await act(request);
        return answer instanceof Response ? answer : Response.json(answer);
      } catch (error) {
        return refusal(route, error);
      }
    };
  }

  function refusal(route: string, error: unknown): Response {
    if (error instanceof PolarisError) {
      return Response.json(error.toBody(), { status: error.status });
    }
    log.error("route.failed", { route, error: brief(error) });
    const unknown = new PolarisError("internal", "The recorder made a mistake.", {
      hint: "Its log says more.",
    });
    return Response.json(unknown.toBody(), { status: 500 });
  }

  return {
    table,
    /** What no route takes. */
    other(request: Request): Response {
      const route = `${request.method} ${new URL(request.url).pathname}`;
      return refusal(route, new PolarisError("not_found", `There is no ${route} here.`));
    },
  };
}

async function body(request: Request): Promise<unknown> {
  try {
    return await request.json();
  } catch (error) {
    throw new PolarisError("invalid_json", "The body is not JSON.", { cause: error });
  }
}

function parse<T>(json: unknown, shape: z.ZodType<T>): T {
  const parsed = shape.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new PolarisError("invalid_input", z.prettifyError(parsed.error));
}
