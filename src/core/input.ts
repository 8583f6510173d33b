import type { z } from "zod";
import { PolarisError } from "../wire/error.ts";

/** What is wrong, in one sentence: `text: Too small: expected string to have >=1 characters`. */
export function sentence(error: z.ZodError): string {
  const [issue] = error.issues;
  if (!issue) return "not the expected shape";
  const path = issue.path.map(String).join(".");
  return path ? `${path}: ${issue.message}` : issue.message;
}

/** Parses at the door; throws `invalid_input` naming the first wrong field. */
export function input<T extends z.ZodType>(schema: T, value: unknown): z.infer<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new PolarisError("invalid_input", `The input is not right: ${sentence(parsed.error)}.`, {
    hint: "Correct the named field and send it again.",
  });
}
