import { parseStorable } from "../core/storable.ts";
import { PolarisError } from "../wire/error.ts";

/** 32 MB a body. */
export const MAX_BODY = 32 * 1024 * 1024;

/** What is no batch of events: names, settings, a message of 4,000 characters. */
const MAX_JSON = 1024 * 1024;

/** The body as text, cut off with `too_large` as soon as it passes the limit, declared or streamed. */
export async function readText(request: Request, limit = MAX_BODY): Promise<string> {
  const declared = Number(request.headers.get("content-length") ?? 0);
  if (declared > limit) throw tooLarge(limit);
  // A declared length was checked above and Bun reads no further than it.
  if (declared > 0) return request.text();
  if (!request.body) return "";
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body) {
    size += chunk.byteLength;
    if (size > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/**
 * The body as JSON, of which everything can be stored; an empty one is `{}`, so that routes with optional fields can be
 * called without any.
 */
export async function readJson(request: Request, limit = MAX_JSON): Promise<unknown> {
  const text = await readText(request, limit);
  return text.trim() === "" ? {} : parseStorable(text);
}

const sizeOf = (bytes: number): string =>
  bytes < 1024 * 1024 ? `${bytes / 1024} KB` : `${bytes / 1024 / 1024} MB`;

const tooLarge = (limit: number): PolarisError =>
  new PolarisError("too_large", `The body is larger than ${sizeOf(limit)}.`, {
    hint: "Send it in smaller batches.",
  });
