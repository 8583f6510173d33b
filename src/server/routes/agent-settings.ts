import { Elysia } from "elysia";
import { demand } from "../../core/access.ts";
import * as agents from "../../core/agents.ts";
import { type Caller, mayAdmin } from "../../core/caller.ts";
import { input } from "../../core/input.ts";
import { agentsPage } from "../../web/pages/agents.tsx";
import { respond } from "../../web/respond.ts";
import { AgentChange, NewAgent } from "../../wire/agent.ts";
import { PolarisError } from "../../wire/error.ts";
import { asPolarisError } from "../errors.ts";
import { readForm } from "../form.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { startPage } from "../page.ts";
import { redirect } from "../redirect.ts";
import { NO_PARSE } from "./projects.ts";

const HERE = "/app/settings/agents";

const words = (text: string | undefined): string[] =>
  (text ?? "")
    .split(",")
    .map((word) => word.trim())
    .filter(Boolean);

/** The agents' page: read by all who belong here, changed by admins. */
export const agentSettingRoutes = (house: House) => {
  const { db, identify, log } = house;
  const page = startPage(house);

  async function draw(
    caller: Caller,
    frame: Parameters<Parameters<typeof page>[1]>[1],
    problem?: string,
  ): Promise<string> {
    const { items } = await agents.list(db, caller, { limit: 500 });
    const viewer = caller.participant;
    return agentsPage({ ...frame, agents: items, mayChange: mayAdmin(caller), viewer, problem });
  }

  async function act(caller: Caller, form: Record<string, string>): Promise<void> {
    const { name = "", display, icon, description } = form;
    const lists = { skills: words(form.skills), tags: words(form.tags) };
    if (form.act === "change") {
      const wanted = { display, icon, description, ...lists };
      await agents.change(db, caller, name, input(AgentChange, wanted));
    } else if (form.act === "create") {
      const wanted = { name, icon, description, ...lists, ...(display ? { display } : {}) };
      await agents.create(db, caller, input(NewAgent, wanted));
    } else if (form.act === "remove") {
      await agents.remove(db, caller, name);
      identify.forget();
    } else throw new PolarisError("invalid_input", "This form asks for nothing known.");
  }

  return new Elysia({ name: "agent-settings" })
    .use(guard(house))
    .get(
      HERE,
      ({ request }) =>
        page(request, async (caller, frame) => {
          const pictures = await agents.pictures(db, caller);
          return respond(request, await draw(caller, frame), 200, { pictures });
        }),
      { page: "read" },
    )
    .post(
      HERE,
      ({ request }) =>
        page(request, async (caller, frame) => {
          try {
            const form = await readForm(request);
            demand(caller, "admin");
            await act(caller, form);
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
