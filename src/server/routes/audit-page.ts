import { Elysia } from "elysia";
import { z } from "zod";
import { demand } from "../../core/access.ts";
import * as audit from "../../core/audit.ts";
import { type Caller, mayAdmin } from "../../core/caller.ts";
import { input } from "../../core/input.ts";
import * as members from "../../core/members.ts";
import { verifyOne } from "../../core/verify.ts";
import { auditPage } from "../../web/pages/audit.tsx";
import type { Frame } from "../../web/pages/shell.tsx";
import { respond } from "../../web/respond.ts";
import { type AuditChain, AuditFilter } from "../../wire/audit.ts";
import { PolarisError } from "../../wire/error.ts";
import { asPolarisError } from "../errors.ts";
import { readForm } from "../form.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { startPage } from "../page.ts";
import { NO_PARSE } from "./projects.ts";

const HERE = "/app/settings/audit";

/** The audit to look at, for owners and admins (rows E6, F6). */
export const auditPageRoutes = (house: House) => {
  const { db, log } = house;
  const page = startPage(house);

  async function draw(
    caller: Caller,
    frame: Frame,
    asked: z.infer<typeof Asked>,
    more: { chain?: AuditChain; problem?: string } = {},
  ): Promise<string> {
    const [{ items, next }, people] = await Promise.all([
      audit.list(db, caller.org, { ...asked, limit: 50 }),
      members.list(db, caller, { limit: 500 }),
    ]);
    const who = people.items.map(({ participant }) => participant);
    const shown = { rows: items, next, asked, people: who, viewer: caller.participant };
    return auditPage({ ...frame, ...shown, ...more });
  }

  /** The page says itself who may read it: whoever comes by the menu shall not stand before a bare 403. */
  const shut = (request: Request, caller: Caller, frame: Frame): Response => {
    const nothing = { rows: undefined, next: null, asked: {}, people: [] };
    const html = auditPage({ ...frame, ...nothing, viewer: caller.participant });
    return respond(request, html, 403);
  };

  return new Elysia({ name: "audit-page" })
    .use(guard(house))
    .get(
      HERE,
      ({ request, query }) =>
        page(request, async (caller, frame) => {
          if (!mayAdmin(caller)) return shut(request, caller, frame);
          const given = Object.fromEntries(Object.entries(query).filter(([, value]) => value));
          try {
            return await draw(caller, frame, input(Asked, given));
          } catch (error) {
            const { status, message } = asPolarisError(error, log);
            if (status !== 400) throw error;
            return respond(request, await draw(caller, frame, {}, { problem: message }), 400);
          }
        }),
      { page: "read" },
    )
    .post(
      HERE,
      ({ request }) =>
        page(request, async (caller, frame) => {
          const { act } = await readForm(request);
          demand(caller, "admin");
          if (act !== "verify") {
            throw new PolarisError("invalid_input", "This form asks for nothing known.");
          }
          return draw(caller, frame, {}, { chain: await verifyOne(db, caller.org) });
        }),
      { page: "read", ...NO_PARSE },
    );
};

const Asked = AuditFilter.extend({ before: z.coerce.number().int().min(1).optional() });
