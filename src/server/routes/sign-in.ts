import { Elysia } from "elysia";
import { arrive } from "../../core/arrive.ts";
import * as orgs from "../../core/orgs.ts";
import { byId } from "../../core/people.ts";
import * as signIns from "../../core/sign-ins.ts";
import { welcomePage } from "../../web/pages/welcome.tsx";
import { respond } from "../../web/respond.ts";
import { PolarisError } from "../../wire/error.ts";
import { NewOrg } from "../../wire/org.ts";
import { readCookie, SIGN_IN_COOKIE, SIGN_UP_COOKIE } from "../cookies.ts";
import { startEntrance } from "../entrance.ts";
import { readForm } from "../form.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { cancelled } from "../oidc.ts";
import { pathOf, redirect, toDoor } from "../redirect.ts";
import { NO_PARSE } from "./projects.ts";

/** Coming in through an identity provider (row F1), and making an organisation on the way. */
export const signInRoutes = (house: House) => {
  const { db, log } = house;
  const entrance = startEntrance(house);
  const find = (id: string) => {
    const provider = house.providers.find((each) => each.id === id);
    if (provider) return provider;
    throw new PolarisError("not_found", "Nobody signs in this way here.", {
      hint: "GET /auth/providers lists the ways.",
    });
  };

  return new Elysia({ name: "sign-in" })
    .use(guard(house))
    .get(
      "/auth/providers",
      () => ({ providers: house.providers.map(({ id, name }) => ({ id, name })) }),
      { anyone: true },
    )
    .get(
      "/auth/:provider/start",
      async ({ request, params, query }) => {
        try {
          const provider = find(params.provider);
          const began = await signIns.begin(db, {
            provider: provider.id,
            next: pathOf(query.next),
            link: query.code || undefined,
            browser: readCookie(request, SIGN_IN_COOKIE),
          });
          const url = await provider.authorize(began);
          const life = { seconds: signIns.SIGN_IN_SECONDS, path: "/auth" };
          return redirect(
            url.href,
            entrance.setCookie(request, SIGN_IN_COOKIE, began.browser, life),
          );
        } catch (error) {
          return entrance.refuse(request, error);
        }
      },
      { anyone: true },
    )
    .get(
      "/auth/:provider/callback",
      async ({ request, params, query }) => {
        try {
          const provider = find(params.provider);
          const state = query.state ?? "";
          const browser = readCookie(request, SIGN_IN_COOKIE);
          const began = await signIns.finish(db, { provider: provider.id, state, browser });
          if (query.error === "access_denied") throw cancelled(provider.name);
          const { search } = new URL(request.url);
          const who = await provider.verify(search, { ...began, state });
          const address = house.addressOf(request);
          const session = (await entrance.session(request))?.user;
          const options = { link: began.link, signUp: house.signUp, session, address };
          const { user, org } = await arrive(db, who, options);
          log.info("sign_in", { provider: provider.id, user: user.id });
          house.identify.forget();
          const { next } = began;
          if (org) return await entrance.admit(request, { org, user: user.id, next });
          const held = await signIns.hold(db, { user: user.id, provider: provider.id, next });
          const life = { seconds: signIns.SIGN_UP_SECONDS };
          return redirect("/app/welcome", entrance.setCookie(request, SIGN_UP_COOKIE, held, life));
        } catch (error) {
          return entrance.refuse(request, error);
        }
      },
      { anyone: true },
    )
    .get(
      "/app/welcome",
      async ({ request }) => {
        const who = await maker(request);
        if (!who) return toDoor("/app/welcome");
        const { email, isFirst } = who;
        return respond(request, welcomePage({ ...entrance.frameOf(request), email, isFirst }));
      },
      { anyone: true },
    )
    .post(
      "/app/welcome",
      async ({ request }) => {
        try {
          const form = await readForm(request);
          const who = await maker(request);
          if (!who) return toDoor("/app/welcome");
          const wanted = NewOrg.safeParse(form);
          if (!wanted.success) {
            const told = { name: form.name, problem: "A name has 1 to 100 letters." };
            const page = { ...entrance.frameOf(request), ...who, ...told };
            return respond(request, welcomePage(page), 400);
          }
          const secret = readCookie(request, SIGN_UP_COOKIE);
          // Sent twice, it makes one organisation: the second finds the secret used.
          if (who.isFirst && !(await signIns.held(db, secret, { take: true }))) {
            return redirect("/sign-in");
          }
          const { user, next } = who;
          const address = house.addressOf(request);
          const org = await orgs.create(db, user, { ...wanted.data, address });
          const gone = entrance.setCookie(request, SIGN_UP_COOKIE, "", { seconds: 0 });
          return await entrance.admit(request, { org: org.id, user: user.id, next }, gone);
        } catch (error) {
          return entrance.refuse(request, error);
        }
      },
      { anyone: true, ...NO_PARSE },
    );

  /** Who may make an organisation: a signed-in person, or one whom a provider has just verified. */
  async function maker(request: Request) {
    const session = await entrance.session(request);
    if (session?.kind === "browser") {
      const user = await byId(db, session.user);
      return { user, email: user.email, isFirst: false, next: "/app" };
    }
    const held = await signIns.held(db, readCookie(request, SIGN_UP_COOKIE));
    if (!held) return undefined;
    const { user: id, email, name, next } = held;
    return { user: { id, email, name }, email, isFirst: true, next };
  }
};
