import { Elysia } from "elysia";
import { demand } from "../../core/access.ts";
import type { Caller } from "../../core/caller.ts";
import { input } from "../../core/input.ts";
import * as members from "../../core/members.ts";
import * as projects from "../../core/projects.ts";
import * as people from "../../core/slack-people.ts";
import * as wishes from "../../core/slack-wishes.ts";
import type { Frame } from "../../web/pages/shell.tsx";
import { slackPeoplePage } from "../../web/pages/slack-people.tsx";
import { respond } from "../../web/respond.ts";
import { PolarisError } from "../../wire/error.ts";
import { SlackLink } from "../../wire/slack-wishes.ts";
import { asPolarisError } from "../errors.ts";
import { readForm } from "../form.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { startPage } from "../page.ts";
import { redirect } from "../redirect.ts";
import { wishOf } from "../wish.ts";
import { NO_PARSE } from "./projects.ts";

const HERE = "/app/settings/slack/people";

/** How sessions look in Slack and who its people are, for admins. */
export const slackPeopleRoutes = (house: House) => {
  const { db, log } = house;
  const page = startPage(house);

  async function draw(caller: Caller, frame: Frame, problem?: string): Promise<string> {
    demand(caller, "admin");
    const all = { limit: 500 };
    const [everybody, staff, listed, own] = await Promise.all([
      people.list(db, caller, all),
      members.list(db, caller, all),
      projects.list(db, caller, { limit: 100 }),
      wishes.ofOrg(db, caller).catch(noWorkspace),
    ]);
    const shown = await Promise.all(
      listed.items.map(async (project) => ({
        slug: project.slug,
        name: project.name,
        wishes: await wishes.ofProject(db, caller, project),
      })),
    );
    return slackPeoplePage({
      ...frame,
      viewer: caller.participant,
      problem,
      wishes: own,
      projects: shown,
      people: everybody.items,
      members: staff.items,
    });
  }

  async function act(caller: Caller, form: Record<string, string>): Promise<void> {
    if (form.act === "wish") {
      const change = wishOf(form);
      if (!form.project) await wishes.setOrg(db, caller, change);
      else {
        const project = await projects.get(db, caller, form.project);
        await wishes.setProject(db, caller, project, change);
      }
    } else if (form.act === "link") {
      const { person = "", participant = "" } = form;
      const whom = participant === "nobody" ? null : participant;
      const wanted = participant === "" ? {} : input(SlackLink, { participant: whom });
      await people.link(db, caller, { slackUser: person, participant: undefined, ...wanted });
    } else throw new PolarisError("invalid_input", "This form asks for nothing known.");
  }

  return new Elysia({ name: "slack-people" })
    .use(guard(house))
    .get(HERE, ({ request }) => page(request, (caller, frame) => draw(caller, frame)), {
      page: "read",
    })
    .post(
      HERE,
      ({ request }) =>
        page(request, async (caller, frame) => {
          demand(caller, "admin");
          try {
            await act(caller, await readForm(request));
            return redirect(HERE);
          } catch (error) {
            const { status, message, hint } = asPolarisError(error, log);
            if (status >= 500) throw error;
            const problem = hint ? `${message} ${hint}` : message;
            return respond(request, await draw(caller, frame, problem), status);
          }
        }),
      { page: "read", ...NO_PARSE },
    );
};

function noWorkspace(error: unknown): null {
  if (error instanceof PolarisError && error.code === "conflict") return null;
  throw error;
}
