import { Elysia } from "elysia";
import { demand } from "../../core/access.ts";
import { type Caller, isAtLeast } from "../../core/caller.ts";
import { input } from "../../core/input.ts";
import * as slack from "../../core/slack.ts";
import * as apps from "../../core/slack-apps.ts";
import { appChecks, check } from "../../core/slack-check.ts";
import * as connect from "../../core/slack-connect.ts";
import { anew, link, again as tryAgain } from "../../core/slack-link.ts";
import type { Frame } from "../../web/pages/shell.tsx";
import { slackPage } from "../../web/pages/slack.tsx";
import { respond } from "../../web/respond.ts";
import { PolarisError } from "../../wire/error.ts";
import {
  NewAppToken,
  NewManifest,
  NewSlackApp,
  SlackChannel,
  type SlackCheck,
} from "../../wire/slack.ts";
import { asPolarisError } from "../errors.ts";
import { readForm } from "../form.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { startPage } from "../page.ts";
import { redirect } from "../redirect.ts";
import { slackPlace } from "../slack.ts";
import { NO_PARSE } from "./projects.ts";
import { disconnect, make } from "./slack.ts";

type Form = Record<string, string>;

/** What the page's forms may ask for. */
const ACTS: Record<
  string,
  (house: House, caller: Caller, form: Form) => Promise<SlackCheck[] | undefined>
> = {
  async app(house, caller, form) {
    const { db, keys } = house;
    const { appToken, ...app } = input(NewSlackApp, form);
    await apps.keep(db, keys, caller, { ...app, appToken: appToken || undefined });
    return wrong(house, caller);
  },
  async "app-token"(house, caller, form) {
    const { db, keys } = house;
    await apps.keepToken(db, keys, caller, input(NewAppToken, form).appToken);
    return wrong(house, caller);
  },
  async manifest(house, caller, form) {
    await make(house, caller, input(NewManifest, form).token);
    return undefined;
  },
  async disconnect(house, caller) {
    await disconnect(house, caller);
    return undefined;
  },
  test: ({ db, keys, slack: { settings } }, caller) => check(db, keys, caller, settings),
  async link({ db, keys, slack: { settings } }, caller, form) {
    const { channel } = input(SlackChannel, form);
    await link(db, keys, caller, { slug: form.project ?? "", channel, settings });
    return undefined;
  },
  async again({ db }, caller, form) {
    await tryAgain(db, caller, form.project ?? "");
    return undefined;
  },
  async anew({ db }, caller, form) {
    await anew(db, caller, form.project ?? "");
    return undefined;
  },
};

/** What Slack says against what was just entered: at once, and not at the end of the way. A token yet to come is no fault. */
async function wrong({ db, keys, slack: { settings } }: House, caller: Caller) {
  const app = await apps.appFor(db, keys, caller.org, settings);
  const checks = await appChecks(app, settings.apiUrl);
  return checks.some(({ name, ok }) => !ok && (name !== "app token" || app?.appToken))
    ? checks
    : undefined;
}

/** The page of Slack: read by all who belong here, changed by its admins; and the way to Slack and back. */
export const slackSettingRoutes = (house: House) => {
  const { db, keys, log } = house;
  const page = startPage(house);

  async function draw(
    caller: Caller,
    frame: Frame,
    more: { checks?: SlackCheck[]; problem?: string } = {},
  ): Promise<string> {
    const status = await slack.status(db, keys, caller, slackPlace(house));
    const mayChange = isAtLeast(caller.role, "admin");
    const who = { viewer: caller.participant, mayChange, now: Date.now() };
    return slackPage({ ...frame, ...who, status, ...more });
  }

  /** The page again with what was wrong, beside what mends it. */
  async function again(request: Request, caller: Caller, frame: Frame, error: unknown) {
    const { status, message, hint } = asPolarisError(error, log);
    if (status >= 500 && status !== 502 && status !== 503) throw error;
    const problem = hint ? `${message} ${hint}` : message;
    return respond(request, await draw(caller, frame, { problem }), status);
  }

  return new Elysia({ name: "slack-settings" })
    .use(guard(house))
    .get(
      "/app/settings/slack",
      ({ request }) => page(request, (caller, frame) => draw(caller, frame)),
      { page: "read" },
    )
    .post(
      "/app/settings/slack",
      ({ request }) =>
        page(request, async (caller, frame) => {
          try {
            const form = await readForm(request);
            demand(caller, "admin");
            const act = Object.hasOwn(ACTS, form.act ?? "") ? ACTS[form.act ?? ""] : undefined;
            if (!act) throw new PolarisError("invalid_input", "This form asks for nothing known.");
            const checks = await act(house, caller, form);
            if (checks) return draw(caller, frame, { checks });
            return redirect("/app/settings/slack");
          } catch (error) {
            return again(request, caller, frame, error);
          }
        }),
      { page: "read", ...NO_PARSE },
    )
    .get(
      "/slack/connect",
      ({ request }) =>
        page(
          request,
          async (caller, frame) => {
            demand(caller, "admin");
            try {
              return redirect(await connect.begin(db, keys, caller, slackPlace(house)));
            } catch (error) {
              return again(request, caller, frame, error);
            }
          },
          { inPerson: true },
        ),
      { page: "admin" },
    )
    .get(
      "/slack/callback",
      ({ request, query }) =>
        page(
          request,
          async (caller, frame) => {
            demand(caller, "admin");
            const { code, state, error: no } = query;
            try {
              await connect.finish(db, keys, caller, {
                ...slackPlace(house),
                code,
                state,
                error: no,
              });
              return redirect("/app/settings/slack");
            } catch (error) {
              return again(request, caller, frame, error);
            }
          },
          { inPerson: true },
        ),
      { page: "admin" },
    );
};
