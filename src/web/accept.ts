import type { Encoding } from "./asset.ts";

/** The first of `ours` that the browser takes; a weight of 0 refuses (RFC 9110 §12.5.3). */
export function accepted(request: Request, ours: readonly Encoding[]): Encoding | undefined {
  const weights = new Map(
    (request.headers.get("accept-encoding") ?? "").split(",").map((part) => {
      const [name = "", ...parameters] = part.trim().toLowerCase().split(";");
      const weight = parameters.find((parameter) => parameter.trim().startsWith("q="));
      return [name.trim(), weight ? Number(weight.trim().slice(2)) : 1] as const;
    }),
  );
  return ours.find((encoding) => (weights.get(encoding) ?? weights.get("*") ?? 0) > 0);
}
