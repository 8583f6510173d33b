import { Elysia } from "elysia";
import { z } from "zod";
import { demand } from "../../core/access.ts";
import { type Caller, isAtLeast, ROLES } from "../../core/caller.ts";
import * as domains from "../../core/domains.ts";
import { input } from "../../core/input.ts";
import * as invites from "../../core/invites.ts";
import * as members from "../../core/members.ts";
import * as orgs from "../../core/orgs.ts";
import { type MembersPage, membersPage } from "../../web/pages/members.tsx";
import { respond } from "../../web/respond.ts";
import { PolarisError } from "../../wire/error.ts";
import { NewDomain, NewInvite, NewOrg, NewRole } from "../../wire/org.ts";
import { asPolarisError } from "../errors.ts";
import { readForm } from "../form.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { sendInvite } from "../invite.ts";
import { startPage } from "../page.ts";
import { redirect } from "../redirect.ts";
import { waysOf } from "../ways.ts";
import { NO_PARSE } from "./projects.ts";

type Form = Record<string, string>;
type Fresh = MembersPage["fresh"];

const Whom = z.object({ participant: z.string().min(1) });
const Which = z.object({ id: z.string().min(1) });

/** What the page's forms may ask for; each demands what the same act of the API demands. */
const ACTS: Record<
  string,
  (house: House, caller: Caller, form: Form) => Promise<Fresh | undefined>
> = {
  async invite(house, caller, form) {
    demand(caller, "admin");
    return sendInvite(house, caller, input(NewInvite, form));
  },
  async revoke({ db }, caller, form) {
    demand(caller, "admin");
    await invites.revoke(db, caller, input(Which, form).id);
    return undefined;
  },
  async role({ db }, caller, form) {
    demand(caller, "admin");
    await members.setRole(db, caller, { ...input(Whom, form), ...input(NewRole, form) });
    return undefined;
  },
  async remove({ db }, caller, form) {
    demand(caller, "admin");
    await members.remove(db, caller, input(Whom, form).participant);
    return undefined;
  },
  async leave({ db }, caller) {
    await members.leave(db, caller);
    return undefined;
  },
  async rename({ db }, caller, form) {
    demand(caller, "admin");
    await orgs.rename(db, caller, caller.org, input(NewOrg, form).name);
    return undefined;
  },
  async "domain-add"({ db }, caller, form) {
    demand(caller, "admin");
    await domains.put(db, caller, input(NewDomain, form));
    return undefined;
  },
  async "domain-remove"({ db }, caller, form) {
    demand(caller, "admin");
    await domains.remove(db, caller, form.domain ?? "");
    return undefined;
  },
};

/** The members' page: read by all who belong here, changed by its forms. */
export const settingRoutes = (house: House) => {
  const { db, identify, log } = house;
  const page = startPage(house);

  async function draw(
    caller: Caller,
    frame: Parameters<Parameters<typeof page>[1]>[1],
    more: { fresh?: Fresh; problem?: string } = {},
  ): Promise<string> {
    const mayChange = isAtLeast(caller.role, "admin");
    const all = { limit: 500 };
    const [org, list, open, own] = await Promise.all([
      orgs.one(db, caller.org),
      members.list(db, caller, all),
      mayChange ? invites.list(db, caller, all) : { items: [] },
      mayChange ? domains.list(db, caller).then(({ items }) => items) : [],
    ]);
    const roles = mayChange ? ROLES.filter((role) => isAtLeast(caller.role, role)) : [];
    const ways = mayChange ? waysOf(house) : undefined;
    const shown = { org, members: list.items, invites: open.items, domains: own, roles, ways };
    const who = { viewer: caller.participant, now: Date.now() };
    return membersPage({ ...frame, ...shown, ...who, ...more });
  }

  return new Elysia({ name: "member-settings" })
    .use(guard(house))
    .get("/app/settings", () => redirect("/app/settings/members"), { anyone: true })
    .get(
      "/app/settings/members",
      ({ request }) => page(request, (caller, frame) => draw(caller, frame)),
      { page: "read" },
    )
    .post(
      "/app/settings/members",
      ({ request }) =>
        page(request, async (caller, frame) => {
          try {
            const form = await readForm(request);
            const act = Object.hasOwn(ACTS, form.act ?? "") ? ACTS[form.act ?? ""] : undefined;
            if (!act) throw new PolarisError("invalid_input", "This form asks for nothing known.");
            const fresh = await act(house, caller, form);
            identify.forget();
            if (fresh) return draw(caller, frame, { fresh });
            return redirect(form.act === "leave" ? "/" : "/app/settings/members");
          } catch (error) {
            const { status, message, hint } = asPolarisError(error, log);
            if (status >= 500) throw error;
            const problem = hint ? `${message} ${hint}` : message;
            return respond(request, await draw(caller, frame, { problem }), status);
          }
        }),
      { page: "read", ...NO_PARSE },
    );
};
