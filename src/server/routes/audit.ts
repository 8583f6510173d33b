import { Elysia } from "elysia";
import { z } from "zod";
import * as audit from "../../core/audit.ts";
import { input } from "../../core/input.ts";
import { verify, verifyOne } from "../../core/verify.ts";
import { csvOf } from "../../lib/csv.ts";
import { AuditFilter, type AuditRow } from "../../wire/audit.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { streamed } from "../streamed.ts";
import { NO_PARSE } from "./projects.ts";

/** Who did what that mattered, and whether that memory is whole. */
export const auditRoutes = (house: House) => {
  const { db } = house;
  return new Elysia({ name: "audit" })
    .use(guard(house))
    .get("/audit", ({ caller, query }) => audit.list(db, caller.org, input(List, query)), {
      needs: "admin",
    })
    .get("/audit/chain", ({ caller }) => verifyOne(db, caller.org), { needs: "admin" })
    .get(
      "/audit/export",
      async ({ caller, query }) => {
        const given = Object.fromEntries(Object.entries(query).filter(([, value]) => value));
        const { format, ...filter } = input(Asked, given);
        // First, so that a file that holds everything also says who took it.
        const detail = { format, ...filter };
        await db.as(caller.org, (tx) =>
          audit.note(tx, { ...audit.by(caller), action: "audit.exported", detail }),
        );
        const rows = audit.every(db, caller.org, filter);
        return new Response(streamed(format === "csv" ? table(rows) : lines(rows)), {
          headers: {
            "content-type": format === "csv" ? "text/csv; charset=utf-8" : "application/x-ndjson",
            "content-disposition": `attachment; filename="audit-${today()}.${format}"`,
          },
        });
      },
      { needs: "admin" },
    )
    .post("/audit/verifications", async () => ({ chains: await verify(db) }), {
      local: true,
      ...NO_PARSE,
    });
};

const List = AuditFilter.extend({
  before: z.coerce.number().int().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});

const Asked = AuditFilter.extend({ format: z.enum(["csv", "jsonl"]).default("csv") });

const today = () => new Date().toISOString().slice(0, 10);

const COLUMNS = ["n", "at", "actor", "action", "target", "detail", "address", "hash"] as const;

async function* table(rows: AsyncIterable<AuditRow>): AsyncGenerator<string> {
  yield `${COLUMNS.join(",")}\r\n`;
  for await (const row of rows) {
    const line = csvOf(COLUMNS, [{ ...row, detail: JSON.stringify(row.detail) }]);
    yield line.slice(line.indexOf("\r\n") + 2);
  }
}

async function* lines(rows: AsyncIterable<AuditRow>): AsyncGenerator<string> {
  for await (const row of rows) yield `${JSON.stringify(row)}\n`;
}
