import { Elysia } from "elysia";
import { z } from "zod";
import * as inbox from "../../core/agent-inbox.ts";
import { startAgentStreams } from "../../core/agent-stream.ts";
import * as agents from "../../core/agents.ts";
import { input } from "../../core/input.ts";
import { AgentAnswer, AgentChange, NewAgent } from "../../wire/agent.ts";
import { Slug } from "../../wire/session.ts";
import { readJson } from "../body.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { listQuery, startOf } from "../query.ts";
import { sseLog } from "../sse.ts";
import { NO_PARSE } from "./projects.ts";

const Inbox = z.object({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

/** Of a project: the agents at home there. */
const Home = z.object({ project: Slug.optional() });

/** Named agents (rows H1, H2), and what is said to them (row H3). */
export const agentRoutes = (house: House) => {
  const { db, bell, feed, log, identify } = house;
  const follow = startAgentStreams(db, feed, log);

  return new Elysia({ name: "agents" })
    .use(guard(house))
    .get(
      "/orgs/agents",
      ({ caller, query }) =>
        agents.list(db, caller, { ...listQuery(query), ...input(Home, query) }),
      { needs: "read" },
    )
    .post(
      "/orgs/agents",
      async ({ caller, request, set }) => {
        const wanted = input(NewAgent, await readJson(request));
        set.status = 201;
        return agents.create(db, caller, wanted);
      },
      { needs: "admin", ...NO_PARSE },
    )
    .get("/orgs/agents/:agent", ({ caller, params }) => agents.get(db, caller, params.agent), {
      needs: "read",
    })
    .patch(
      "/orgs/agents/:agent",
      async ({ caller, params, request }) => {
        const wanted = input(AgentChange, await readJson(request));
        return agents.change(db, caller, params.agent, wanted);
      },
      { needs: "admin", ...NO_PARSE },
    )
    .delete(
      "/orgs/agents/:agent",
      async ({ caller, params }) => {
        await agents.remove(db, caller, params.agent);
        identify.forget();
        return new Response(null, { status: 204 });
      },
      { needs: "admin", ...NO_PARSE },
    )
    .get(
      "/agents/inbox",
      async ({ caller, query }) => {
        const { after, limit } = input(Inbox, query);
        const items = await inbox.read(db, caller, { after, limit });
        const last = items.at(-1);
        return { items, next: items.length === limit && last ? String(last.seq) : null };
      },
      { needs: "read" },
    )
    .get(
      "/agents/inbox/events",
      async ({ caller, request, query }) => {
        const start = startOf(request, query);
        const end = await inbox.end(db, caller);
        const access = house.watch.over(caller);
        return sseLog(house, access, (signal) =>
          follow(caller, start === "now" ? end : start, signal),
        );
      },
      { needs: "read" },
    )
    .post(
      "/agents/inbox/:id/answers",
      async ({ caller, params, request }) => {
        const { text } = input(AgentAnswer, await readJson(request));
        const { projectId, ...message } = await inbox.answer(db, caller, { id: params.id, text });
        bell.ring(caller.org, projectId);
        return message;
      },
      { needs: "inject", ...NO_PARSE },
    );
};
