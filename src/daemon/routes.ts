import { z } from "zod";
import { brief, type Log } from "../lib/log.ts";
import { PolarisError } from "../wire/error.ts";
import {
  HookCall,
  Join,
  Leave,
  type Line,
  Link,
  type Status,
  type Unknown,
  Unlink,
} from "../wire/local.ts";
import type { Hooks } from "./hooks.ts";
import type { Members } from "./members.ts";

interface Needs {
  hooks: Hooks;
  members: Members;
  status: () => Status;
  line: (agentSession: string) => Line;
  unknown: () => Unknown[];
  log: Log;
}

/** Everything the socket answers, in one table. */
export function routes({ hooks, members, status, line, unknown, log }: Needs) {
  const table: Record<string, (request: Request) => Promise<unknown>> = {
    "GET /status": async () => status(),
    "GET /statusline": async ({ url }) => line(new URL(url).searchParams.get("session") ?? ""),
    "GET /unknown": async () => unknown(),
    "POST /hook": async (request) => await hooks.take(await body(request, HookCall)),
    "POST /join": async (request) => await members.join(await body(request, Join)),
    "POST /leave": async (request) => await members.leave(await body(request, Leave)),
    "POST /link": async (request) => await members.link(await body(request, Link)),
    "POST /unlink": async (request) => await members.unlink(await body(request, Unlink)),
  };

  return async (request: Request): Promise<Response> => {
    const route = `${request.method} ${new URL(request.url).pathname}`;
    try {
      const act = Object.hasOwn(table, route) ? table[route] : undefined;
      if (!act) throw new PolarisError("not_found", `There is no ${route} here.`);
      return Response.json(await act(request));
    } catch (error) {
      if (error instanceof PolarisError) {
        return Response.json(error.toBody(), { status: error.status });
      }
      log.error("route.failed", { route, error: brief(error) });
      const unknown = new PolarisError("internal", "The recorder made a mistake.", {
        hint: "Its log says more.",
      });
      return Response.json(unknown.toBody(), { status: 500 });
    }
  };
}

async function body<T>(request: Request, shape: z.ZodType<T>): Promise<T> {
  const json: unknown = await request.json().catch((error) => {
    throw new PolarisError("invalid_json", "The body is not JSON.", { cause: error });
  });
  const parsed = shape.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new PolarisError("invalid_input", z.prettifyError(parsed.error));
}
