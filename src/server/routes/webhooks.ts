import { Elysia } from "elysia";
import { demand } from "../../core/access.ts";
import type { Caller } from "../../core/caller.ts";
import { input } from "../../core/input.ts";
import * as projects from "../../core/projects.ts";
import * as webhooks from "../../core/webhooks.ts";
import { webhooksPage } from "../../web/pages/webhooks.tsx";
import { respond } from "../../web/respond.ts";
import { NewWebhook } from "../../wire/webhook.ts";
import { readJson } from "../body.ts";
import { asPolarisError } from "../errors.ts";
import { readFields } from "../form.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { startPage } from "../page.ts";
import { listQuery } from "../query.ts";
import { redirect } from "../redirect.ts";
import { NO_PARSE } from "./projects.ts";

/** Who is told of what happens, by signed requests (row J4). */
export const webhookRoutes = (house: House) => {
  const { db, log, seal, sender } = house;
  const page = startPage(house);
  const PAGE = "/app/settings/webhooks";

  async function test(caller: Caller, id: string) {
    const made = await webhooks.ping(db, caller, id);
    sender.kick(caller.org);
    return made;
  }

  async function draw(
    caller: Caller,
    frame: Parameters<Parameters<typeof page>[1]>[1],
    shown: string | undefined,
    more: { made?: { url: string; secret: string }; problem?: string } = {},
  ): Promise<string> {
    const { items } = await webhooks.list(db, caller);
    const { items: own } = await projects.list(db, caller, { limit: 500 });
    const sent =
      shown && items.some(({ id }) => id === shown)
        ? await webhooks.messages(db, caller, shown)
        : undefined;
    const slugs = own.map(({ slug }) => slug);
    const data = { webhooks: items, projects: slugs, shown, messages: sent?.items ?? [] };
    return webhooksPage({
      ...frame,
      ...data,
      viewer: caller.participant,
      now: Date.now(),
      ...more,
    });
  }

  return new Elysia({ name: "webhooks" })
    .use(guard(house))
    .get("/webhooks", ({ caller, query }) => webhooks.list(db, caller, listQuery(query)), {
      needs: "admin",
    })
    .post(
      "/webhooks",
      async ({ caller, request, set }) => {
        const wanted = input(NewWebhook, await readJson(request));
        const { webhook, secret } = await webhooks.create(db, caller, seal, wanted);
        set.status = 201;
        return { ...webhook, secret };
      },
      { needs: "admin", ...NO_PARSE },
    )
    .delete(
      "/webhooks/:id",
      async ({ caller, params }) => {
        await webhooks.remove(db, caller, params.id);
        return { removed: true };
      },
      { needs: "admin" },
    )
    .get(
      "/webhooks/:id/messages",
      ({ caller, params, query }) => webhooks.messages(db, caller, params.id, listQuery(query)),
      {
        needs: "admin",
      },
    )
    .post("/webhooks/:id/test", ({ caller, params }) => test(caller, params.id), {
      needs: "admin",
      ...NO_PARSE,
    })
    .post(
      "/webhooks/:id/messages/:message/retry",
      async ({ caller, params }) => {
        await webhooks.retry(db, caller, params.id, params.message);
        sender.kick(caller.org);
        return { queued: true };
      },
      { needs: "admin", ...NO_PARSE },
    )
    .get(
      PAGE,
      ({ request, query }) =>
        page(request, (caller, frame) => {
          demand(caller, "admin");
          return draw(caller, frame, query.of);
        }),
      { page: "read" },
    )
    .post(
      PAGE,
      ({ request }) =>
        page(request, async (caller, frame) => {
          demand(caller, "admin");
          const form = await readFields(request);
          const [act, id = ""] = [form.get("act"), form.get("id") ?? ""];
          try {
            if (act === "remove") await webhooks.remove(db, caller, id);
            else if (act === "test") await test(caller, id);
            else if (act === "retry") {
              await webhooks.retry(db, caller, id, form.get("message") ?? "");
              sender.kick(caller.org);
            } else {
              const project = form.get("project");
              const wanted = {
                url: form.get("url"),
                kinds: form.getAll("kind"),
                ...(project ? { project } : {}),
              };
              const { webhook, secret } = await webhooks.create(
                db,
                caller,
                seal,
                input(NewWebhook, wanted),
              );
              return await draw(caller, frame, webhook.id, { made: { url: webhook.url, secret } });
            }
            return redirect(act === "remove" ? PAGE : `${PAGE}?of=${encodeURIComponent(id)}`);
          } catch (error) {
            const { status, code, message, hint } = asPolarisError(error, log);
            if (status >= 500 || code === "not_found") throw error;
            const problem = hint ? `${message} ${hint}` : message;
            return respond(request, await draw(caller, frame, undefined, { problem }), status);
          }
        }),
      { page: "read", ...NO_PARSE },
    );
};
