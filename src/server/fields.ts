import { PolarisError } from "../wire/error.ts";
import { readText } from "./body.ts";

const SMALL = 16 * 1024;

/** A small form, or a flat JSON object of strings: what OAuth sends, and what programs like to send. */
export async function fieldsOf(request: Request): Promise<Record<string, string>> {
  const text = await readText(request, SMALL);
  const type = request.headers.get("content-type") ?? "";
  if (!type.startsWith("application/json")) return Object.fromEntries(new URLSearchParams(text));
  const body = parse(text);
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new PolarisError("invalid_json", "The body is not a JSON object.");
  }
  return Object.fromEntries(
    Object.entries(body).flatMap(([name, value]) =>
      typeof value === "string" ? [[name, value]] : [],
    ),
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PolarisError("invalid_json", "The body is not JSON.", { cause });
  }
}
