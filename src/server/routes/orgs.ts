import { Elysia } from "elysia";
import * as domains from "../../core/domains.ts";
import { input } from "../../core/input.ts";
import * as invites from "../../core/invites.ts";
import * as members from "../../core/members.ts";
import * as orgs from "../../core/orgs.ts";
import { byId } from "../../core/people.ts";
import { PolarisError } from "../../wire/error.ts";
import { NewDomain, NewInvite, NewOrg, NewRole } from "../../wire/org.ts";
import { readJson } from "../body.ts";
import { startEntrance } from "../entrance.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { sendInvite } from "../invite.ts";
import { listQuery } from "../query.ts";
import { redirect } from "../redirect.ts";
import { NO_PARSE } from "./projects.ts";

/** Organisations, who belongs to them and who is asked in (rows F4, F5). */
export const orgRoutes = (house: House) => {
  const { db, identify } = house;
  const entrance = startEntrance(house);
  return new Elysia({ name: "orgs" })
    .use(guard(house))
    .get("/orgs", ({ caller, query }) => orgs.list(db, caller, listQuery(query)), {
      needs: "self",
    })
    .post(
      "/orgs",
      async ({ caller, request, set }) => {
        const wanted = input(NewOrg, await readJson(request));
        if (caller.kind === "api") throw inPerson();
        set.status = 201;
        const { address } = caller;
        return orgs.create(db, await byId(db, caller.user), { ...wanted, address });
      },
      { needs: "self", ...NO_PARSE },
    )
    .patch(
      "/orgs/:org",
      async ({ caller, params, request }) => {
        const { name } = input(NewOrg, await readJson(request));
        return orgs.rename(db, caller, params.org, name);
      },
      { needs: "admin", ...NO_PARSE },
    )
    .post(
      "/orgs/:org/switch",
      async ({ caller, params, request }) => {
        const browser = request.headers.get("user-agent") ?? "browser";
        const secret = await orgs.change(db, caller, { org: params.org, browser });
        identify.forget();
        return redirect("/app", entrance.sessionCookie(request, secret));
      },
      { needs: "self", ...NO_PARSE },
    )
    .get("/orgs/members", ({ caller, query }) => members.list(db, caller, listQuery(query)), {
      needs: "read",
    })
    .patch(
      "/orgs/members/:participant",
      async ({ caller, params, request }) => {
        const { role } = input(NewRole, await readJson(request));
        const { participant } = params;
        const changed = await members.setRole(db, caller, { participant, role });
        identify.forget();
        return changed;
      },
      { needs: "admin", ...NO_PARSE },
    )
    .delete(
      "/orgs/members/:participant",
      async ({ caller, params }) => {
        await members.remove(db, caller, params.participant);
        identify.forget();
        return done();
      },
      { needs: "admin", ...NO_PARSE },
    )
    .post(
      "/orgs/leave",
      async ({ caller }) => {
        await members.leave(db, caller);
        identify.forget();
        return done();
      },
      { needs: "self", ...NO_PARSE },
    )
    .get("/orgs/invites", ({ caller, query }) => invites.list(db, caller, listQuery(query)), {
      needs: "admin",
    })
    .post(
      "/orgs/invites",
      async ({ caller, request, set }) => {
        const wanted = input(NewInvite, await readJson(request));
        set.status = 201;
        return sendInvite(house, caller, wanted);
      },
      { needs: "admin", ...NO_PARSE },
    )
    .delete(
      "/orgs/invites/:id",
      async ({ caller, params }) => {
        await invites.revoke(db, caller, params.id);
        return done();
      },
      { needs: "admin", ...NO_PARSE },
    )
    .get("/orgs/domains", ({ caller, query }) => domains.list(db, caller, listQuery(query)), {
      needs: "admin",
    })
    .put(
      "/orgs/domains/:domain",
      async ({ caller, params, request }) => {
        const body = await readJson(request);
        const given = typeof body === "object" && body !== null ? body : {};
        return domains.put(db, caller, input(NewDomain, { ...given, domain: params.domain }));
      },
      { needs: "admin", ...NO_PARSE },
    )
    .delete(
      "/orgs/domains/:domain",
      async ({ caller, params }) => {
        await domains.remove(db, caller, params.domain);
        return done();
      },
      { needs: "admin", ...NO_PARSE },
    );
};

const done = (): Response => new Response(null, { status: 204 });

const inPerson = (): PolarisError =>
  new PolarisError("forbidden", "A token cannot make an organisation for its person.", {
    hint: "Make it in the dashboard.",
  });
