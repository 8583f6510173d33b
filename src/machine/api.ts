import type { ZodType } from "zod";
import { type ErrorCode, PolarisError, STATUS } from "../wire/error.ts";

/** Where to, and with which token: none for the doors that make one. */
export interface Server {
  url: string;
  token?: string | undefined;
}

export interface Request {
  method?: "GET" | "POST" | "PATCH" | "DELETE";
  path: string;
  /** Sent as it is; `type` says what it is. */
  body?: string;
  type?: "application/json" | "application/x-ndjson" | "application/x-www-form-urlencoded";
  timeoutMs?: number;
  signal?: AbortSignal;
}

export interface Reply {
  status: number;
  /** What `Retry-After` asks for. */
  retryAfterMs: number | undefined;
  /** The body, when it is JSON. A captive portal answers 200 with a page of its own: that is no answer. */
  json: unknown;
}

/** One request to the server. Every status is an answer; only no answer at all is an error (`unreachable`). */
export async function send(server: Server, request: Request): Promise<Reply> {
  const limit = AbortSignal.timeout(request.timeoutMs ?? 30_000);
  const url = new URL(request.path.replace(/^\//, ""), `${server.url.replace(/\/+$/, "")}/`);
  try {
    const response = await fetch(url, {
      method: request.method ?? "GET",
      headers: {
        ...(server.token ? { authorization: `Bearer ${server.token}` } : {}),
        accept: "application/json",
        ...(request.body === undefined
          ? {}
          : { "content-type": request.type ?? "application/json" }),
      },
      ...(request.body === undefined ? {} : { body: request.body }),
      // A redirect would carry the token to whoever answers in the server's place.
      redirect: "manual",
      signal: request.signal ? AbortSignal.any([limit, request.signal]) : limit,
    });
    const text = await response.text();
    return {
      status: response.status,
      retryAfterMs: retryAfter(response.headers.get("retry-after")),
      json: parse(text),
    };
  } catch (error) {
    throw new PolarisError("unreachable", `${url.origin} does not answer.`, {
      hint: "Is the server running, and is its address right?",
      cause: error,
    });
  }
}

/** One request whose answer must be of this shape; the server's own error is thrown as it was meant. */
export async function call<T>(server: Server, request: Request, shape: ZodType<T>): Promise<T> {
  const reply = await send(server, request);
  if (reply.status >= 400) throw errorOf(reply);
  const parsed = shape.safeParse(reply.json);
  if (parsed.success) return parsed.data;
  throw new PolarisError("unreachable", `${server.url} does not answer like a Polaris server.`, {
    hint: "Is the address right? A network's sign-in page may answer in its place.",
  });
}

/** A body that is no JSON and may be long, as it comes; the server's own error is thrown as it was meant. */
export async function download(server: Server, path: string): Promise<ReadableStream<Uint8Array>> {
  const url = new URL(path.replace(/^\//, ""), `${server.url.replace(/\/+$/, "")}/`);
  const headers = server.token ? { authorization: `Bearer ${server.token}` } : undefined;
  const response = await fetch(url, { redirect: "manual", ...(headers ? { headers } : {}) }).catch(
    (cause: unknown) => {
      throw new PolarisError("unreachable", `${url.origin} does not answer.`, {
        hint: "Is the server running, and is its address right?",
        cause,
      });
    },
  );
  if (response.ok && response.body) return response.body;
  throw errorOf({ status: response.status, json: parse(await response.text()) });
}

/** The error a reply stands for: the server's own when it sent one, else one made of the status. */
export function errorOf({ status, json }: Pick<Reply, "status" | "json">): PolarisError {
  const body = field(json, "error");
  const message = field(body, "message");
  const code = field(body, "code");
  const hint = field(body, "hint");
  return new PolarisError(
    isCode(code) ? code : status === 401 ? "unauthenticated" : "unreachable",
    typeof message === "string" ? message : `The server answered ${status}.`,
    { hint: typeof hint === "string" ? hint : "" },
  );
}

function isCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(STATUS, code);
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && name in value
    ? Reflect.get(value, name)
    : undefined;
}

/** Seconds or a date (RFC 9110 §10.2.3), never more than an hour. */
function retryAfter(value: string | null): number | undefined {
  if (value === null) return undefined;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 3_600_000) : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
