import { Elysia } from "elysia";
import { z } from "zod";
import { demand } from "../../core/access.ts";
import { type Caller, mayAdmin } from "../../core/caller.ts";
import { input } from "../../core/input.ts";
import * as people from "../../core/members.ts";
import * as members from "../../core/project-members.ts";
import * as projects from "../../core/projects.ts";
import { loss, remove } from "../../core/removal.ts";
import * as retention from "../../core/retention.ts";
import { anew, link, again as tryAgain } from "../../core/slack-link.ts";
import { place } from "../../core/slack-place.ts";
import * as wishes from "../../core/slack-wishes.ts";
import { projectSettingsPage } from "../../web/pages/project-settings.tsx";
import { projectsPage } from "../../web/pages/projects.tsx";
import type { Frame } from "../../web/pages/shell.tsx";
import { respond } from "../../web/respond.ts";
import { PolarisError } from "../../wire/error.ts";
import { Participant } from "../../wire/participant.ts";
import { NewProject, ProjectChange } from "../../wire/session.ts";
import { SlackChannel } from "../../wire/slack.ts";
import { asPolarisError } from "../errors.ts";
import { readForm } from "../form.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { startPage } from "../page.ts";
import { listQuery } from "../query.ts";
import { redirect } from "../redirect.ts";
import { wishOf } from "../wish.ts";
import { NO_PARSE, Which } from "./projects.ts";

/** The list of projects with its form, and each project's settings (row E3). */
export const projectPageRoutes = (house: House) => {
  const { db, log } = house;
  const page = startPage(house);

  async function list(caller: Caller, frame: Frame, query: object, problem?: string) {
    const which = input(Which, query);
    const found = await projects.list(db, caller, {
      ...listQuery({ limit: 200, ...query }),
      ...which,
    });
    const who = { viewer: caller.participant, url: house.publicUrl, now: Date.now() };
    return projectsPage({ ...frame, ...who, ...which, ...found, problem, projects: found.items });
  }

  async function settings(
    caller: Caller,
    frame: Frame,
    slug: string,
    more: { problem?: string; days?: number | null | undefined } = {},
  ) {
    const project = await projects.get(db, caller, slug, { archived: true });
    const { problem, days } = more;
    const [slack, inside, all, lost, mayManage] = await Promise.all([
      place(db, caller, project),
      members.list(db, caller, slug, { archived: true, limit: 500 }),
      people.list(db, caller, { limit: 500 }),
      loss(db, caller, project.id),
      projects.mayManage(db, caller, slug),
    ]);
    const would = days && mayManage ? await retention.older(db, caller, slug, days) : undefined;
    const older = days && would ? { days, would } : undefined;
    const may = { mayManage, mayDelete: mayAdmin(caller) };
    const who = { viewer: caller.participant, members: inside.items, people: all.items };
    return projectSettingsPage({
      ...frame,
      ...who,
      ...may,
      ...{ project, slack, older, loss: lost, problem },
    });
  }

  /** The page again with what was wrong in it. */
  async function again(
    request: Request,
    error: unknown,
    draw: (problem: string) => Promise<string>,
  ): Promise<Response> {
    const { status, message, hint } = asPolarisError(error, log);
    if (![400, 409, 502, 503].includes(status)) throw error; // the last two: Slack is away
    return respond(request, await draw(hint ? `${message} ${hint}` : message), status);
  }

  return new Elysia({ name: "project-pages" })
    .use(guard(house))
    .get(
      "/app/projects",
      ({ request, query }) => page(request, (caller, frame) => list(caller, frame, query)),
      { page: "read" },
    )
    .post(
      "/app/projects",
      ({ request }) =>
        page(request, async (caller, frame) => {
          const form = await readForm(request);
          demand(caller, "ingest");
          try {
            const wanted = input(NewProject, { ...form, name: form.name || undefined });
            const { project } = await projects.create(db, caller, wanted, { onPurpose: true });
            return redirect(`/app/p/${encodeURIComponent(project.slug)}`);
          } catch (error) {
            return again(request, error, (problem) => list(caller, frame, {}, problem));
          }
        }),
      { page: "read", ...NO_PARSE },
    )
    .get(
      "/app/p/:proj/settings",
      ({ request, params, query }) =>
        page(request, (caller, frame) =>
          settings(caller, frame, params.proj, { days: input(Term, query).retentionDays }),
        ),
      { page: "read" },
    )
    .post(
      "/app/p/:proj/settings",
      ({ request, params }) =>
        page(request, async (caller, frame) => {
          const form = await readForm(request);
          const { act = "" } = form;
          try {
            if (!Object.hasOwn(ACTS, act)) {
              throw new PolarisError("invalid_input", "This form asks for nothing known.");
            }
            const next = await ACTS[act]?.(house, caller, params.proj, form);
            house.watch.changed();
            return redirect(next ?? `/app/p/${encodeURIComponent(params.proj)}/settings`);
          } catch (error) {
            return again(request, error, (problem) =>
              settings(caller, frame, params.proj, { problem }),
            );
          }
        }),
      { page: "read", ...NO_PARSE },
    );
};

type Form = Record<string, string>;

/** `?retentionDays=`: what that term would take away; empty is for ever. */
const Term = z.object({
  retentionDays: z
    .union([z.literal("").transform(() => null), z.coerce.number().int().min(1).max(36_500)])
    .optional(),
});

const Whom = z.object({ participant: Participant });

/** What the settings' forms may ask for; answers where to go then, or nothing for the page itself. */
const ACTS: Record<
  string,
  (house: House, caller: Caller, slug: string, form: Form) => Promise<string | undefined>
> = {
  async change({ db }, caller, slug, form) {
    demand(caller, "ingest");
    await projects.change(db, caller, slug, input(ProjectChange, fieldsOf(form)));
    return undefined;
  },
  async add({ db }, caller, slug, form) {
    demand(caller, "ingest");
    await members.add(db, caller, slug, input(Whom, form).participant);
    return undefined;
  },
  async remove({ db }, caller, slug, form) {
    demand(caller, "ingest");
    await members.remove(db, caller, slug, input(Whom, form).participant);
    return undefined;
  },
  async wish({ db }, caller, slug, form) {
    demand(caller, "ingest");
    const project = await projects.get(db, caller, slug);
    await wishes.setProject(db, caller, project, wishOf(form));
    return undefined;
  },
  async "slack-link"({ db, keys, slack: { settings } }, caller, slug, form) {
    demand(caller, "admin");
    await link(db, keys, caller, { slug, channel: input(SlackChannel, form).channel, settings });
    return undefined;
  },
  async "slack-anew"({ db }, caller, slug) {
    demand(caller, "admin");
    await anew(db, caller, slug);
    return undefined;
  },
  async "slack-again"({ db }, caller, slug) {
    demand(caller, "admin");
    await tryAgain(db, caller, slug);
    return undefined;
  },
  async delete({ db }, caller, slug, form) {
    demand(caller, "admin");
    await remove(db, caller, slug, form.confirm ?? "");
    return "/app/projects";
  },
};

/** A form's texts as what they mean; a field that is not in the form stays as it is. */
function fieldsOf(form: Form): unknown {
  const { name, visibility, advice, tags, retentionDays, archived, pullRequests } = form;
  return {
    name,
    visibility,
    advice,
    pullRequests: pullRequests === undefined ? undefined : pullRequests === "true",
    tags: tags?.split(",").filter((tag) => tag.trim()),
    retentionDays: retentionDays === undefined ? undefined : Number(retentionDays) || null,
    archived: archived === undefined ? undefined : archived === "true",
  };
}
