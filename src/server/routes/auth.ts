import { Elysia } from "elysia";
import { z } from "zod";
import { returnLink } from "../../core/arrive.ts";
import * as devices from "../../core/devices.ts";
import { input } from "../../core/input.ts";
import * as links from "../../core/links.ts";
import { byId, hasOwner, homeOrg } from "../../core/people.ts";
import { endAll } from "../../core/sign-outs.ts";
import { claimPage, signInPage, type Typed } from "../../web/pages/sign-in.tsx";
import { respond } from "../../web/respond.ts";
import { PolarisError } from "../../wire/error.ts";
import { Email, Person } from "../../wire/org.ts";
import { readJson } from "../body.ts";
import { startEntrance } from "../entrance.ts";
import { readForm } from "../form.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { pathOf, redirect } from "../redirect.ts";
import { NO_PARSE } from "./projects.ts";

/** Coming in by a one-time link, and going out again. */
export const authRoutes = (house: House) => {
  const { db, identify } = house;
  const entrance = startEntrance(house);
  const ways = house.providers.map(({ id, name }) => ({ id, name }));

  return new Elysia({ name: "auth" })
    .use(guard(house))
    .post(
      "/auth/claims",
      async () => {
        const org = await homeOrg(db);
        if (await hasOwner(db, org)) {
          throw new PolarisError("conflict", "This server has an owner already.", {
            hint: "They sign in as ever, and invite others from the dashboard.",
          });
        }
        const code = await links.make(db, { kind: "claim", org, role: "owner" });
        return { claimUrl: `${house.publicUrl}/claim?code=${code}` };
      },
      { local: true, ...NO_PARSE },
    )
    .post(
      "/auth/links",
      async ({ request }) => {
        const { email } = input(ForWhom, await readJson(request));
        const code = await returnLink(db, email);
        return { url: `${house.publicUrl}/claim?code=${code}` };
      },
      { local: true, ...NO_PARSE },
    )
    .get(
      "/claim",
      async ({ request, query }) => {
        const [next, code] = [pathOf(query.next), query.code ?? ""];
        const link = await links.peek(db, code);
        const session = await entrance.session(request);
        const mine = session && (await byId(db, session.user)).email;
        // Opened again in the same browser: already signed in, so go on.
        if (session && (!link || (link.org === session.org && link.email === mine))) {
          return redirect(next);
        }
        const frame = entrance.frameOf(request);
        if (!link) return respond(request, claimPage({ ...frame, code, next }), 410);
        // A link for one address, opened by a person in a browser, lets them in at once. Programs that look at links in
        // advance (chat previews, mail scanners) do not send this header; they get a page and use nothing up.
        const isPerson = request.headers.get("sec-fetch-mode") === "navigate";
        if (link.email && isPerson && !session && (ways.length === 0 || !link.createdBy)) {
          const holder = { email: link.email, address: house.addressOf(request) };
          return enter(request, code, holder, next);
        }
        const page = claimPage({ ...frame, code, link, ways, next, viewer: mine ?? null });
        return respond(request, page);
      },
      { anyone: true },
    )
    .post(
      "/claim",
      async ({ request }) => {
        try {
          const form = await readForm(request);
          const [next, code] = [pathOf(form.next), form.code ?? ""];
          const address = house.addressOf(request);
          const session = await entrance.session(request);
          if (session?.kind === "browser") {
            const { email } = await byId(db, session.user);
            const holder = { email, user: session.user, address };
            return await enter(request, code, holder, next);
          }
          const link = await links.peek(db, code);
          // Where providers verify addresses, a typed one opens nothing but the server's own links.
          if (link?.createdBy && ways.length > 0) throw signInFirst();
          const person = Person.safeParse({ name: form.email?.split("@")[0], ...form });
          if (link && !person.success) {
            const typed = {
              email: form.email,
              name: form.name,
              problems: problemsOf(person.error),
            };
            const page = { code, link, ways, next, typed, viewer: null };
            return respond(request, claimPage({ ...entrance.frameOf(request), ...page }), 400);
          }
          const holder = { email: "", ...person.data, address };
          return await enter(request, code, holder, next);
        } catch (error) {
          return entrance.refuse(request, error);
        }
      },
      { anyone: true, ...NO_PARSE },
    )
    .get(
      "/sign-in",
      ({ request, query }) => {
        const page = {
          ...entrance.frameOf(request),
          ways,
          next: pathOf(query.next),
          canonical: `${house.publicUrl}/sign-in`,
        };
        return respond(request, signInPage(page));
      },
      { anyone: true },
    )
    .post(
      "/auth/signout",
      async ({ caller, request }) => {
        await devices.signOut(db, caller);
        identify.forget();
        return redirect("/", entrance.sessionCookie(request, ""));
      },
      { needs: "self", ...NO_PARSE },
    )
    .post(
      "/auth/signout/everywhere",
      async ({ caller, request }) => {
        if (caller.kind === "api") {
          throw new PolarisError("forbidden", "A token cannot sign its person out.", {
            hint: "Sign out in the dashboard.",
          });
        }
        await endAll(db, caller.user, { tokens: false, address: caller.address });
        identify.forget();
        return redirect("/", entrance.sessionCookie(request, ""));
      },
      { needs: "self", ...NO_PARSE },
    );

  /** Uses the link and signs the browser in. */
  async function enter(
    request: Request,
    code: string,
    holder: links.Holder,
    next: string,
  ): Promise<Response> {
    try {
      const { org, user } = await links.use(db, code, holder);
      return await entrance.admit(request, { org, user: user.id, next });
    } catch (error) {
      if (!(error instanceof PolarisError) || error.code !== "code_used") {
        return entrance.refuse(request, error);
      }
      return respond(request, claimPage({ ...entrance.frameOf(request), code: "" }), error.status);
    }
  }
};

const ForWhom = z.object({ email: Email });

const signInFirst = (): PolarisError =>
  new PolarisError("sign_in_first", "This link needs a verified address.", {
    hint: "Open the link again and continue with one of the providers on its page.",
  });

function problemsOf(error: z.ZodError | undefined): NonNullable<Typed["problems"]> {
  const wrong = new Set(error?.issues.map(({ path }) => path[0]));
  return {
    ...(wrong.has("email") ? { email: "That is not an email address." } : {}),
    ...(wrong.has("name") ? { name: "A name has 1 to 100 letters." } : {}),
  };
}
