import { z } from "zod";
import { Completeness } from "../wire/check.ts";
import { Brief } from "../wire/context.ts";
import { PolarisError } from "../wire/error.ts";
import type { Join } from "../wire/local.ts";
import type { Home } from "./accounts.ts";
import type { Upstream } from "./upstream.ts";

/** A session that the server has under the name that is joined. */
export interface Seat {
  id: string;
  lastSeq: number;
  /** What was done there before; null where nothing was. */
  brief: string | null;
  /** Whether the server has all of it; an older one does not say. */
  completeness: Completeness | undefined;
}

const There = z.looseObject({
  id: z.guid(),
  driver: z.string().nullable(),
  lastSeq: z.int(),
  completeness: Completeness.optional(),
});

/** In tokens: enough to go on with, little beside what an agent reads anyway. */
const BUDGET = 1_500;

/** The driver's seat of sessions that may have begun on another machine. */
export function startSeats(upstream: Upstream) {
  return {
    /**
     * Takes the seat where the server knows a session of that name. Undefined where it knows none or does not answer:
     * then it is one of this machine's own. Throws `seat_taken`.
     */
    async take(here: Home, { project, name }: z.infer<typeof Join>): Promise<Seat | undefined> {
      if (name === undefined || here.profile === null) return undefined;
      const path = `/projects/${project}/sessions/${name}`;
      try {
        const there = await upstream(here, { path, timeoutMs: 5_000 }, There);
        if (there.driver !== null && there.driver !== here.driver) {
          const seat = `${project}/${name}`;
          throw new PolarisError(
            "seat_taken",
            `${there.driver} drives ${seat}: you are an advisor there, and nothing of yours is recorded in it.`,
            { hint: `Advise: polaris inject ${seat} "…". Or ask them to hand it over.` },
          );
        }
        if (there.driver === null) {
          await upstream(here, { method: "POST", path: `${path}/driver`, body: "{}" }, z.unknown());
        }
        const brief =
          there.lastSeq === 0
            ? null
            : (await upstream(here, { path: `${path}/brief?budget=${BUDGET}` }, Brief)).text;
        const { id, lastSeq, completeness } = there;
        return { id, lastSeq, brief, completeness };
      } catch (error) {
        if (error instanceof PolarisError && WITHOUT.has(error.code)) return undefined;
        throw error;
      }
    },
  };
}

/** Nothing there, or nobody to ask. */
const WITHOUT = new Set(["not_found", "unreachable", "not_signed_in", "method_not_allowed"]);
