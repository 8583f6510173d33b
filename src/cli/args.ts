import { type ParseArgsConfig, parseArgs } from "node:util";
import { PolarisError } from "../wire/error.ts";

/** `parseArgs` of Node, with wrong use as our own error. */
export function parse<T extends ParseArgsConfig>(config: T) {
  try {
    return parseArgs({ strict: true, ...config });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new PolarisError("usage", message, { hint: "See --help.", cause: error });
  }
}
