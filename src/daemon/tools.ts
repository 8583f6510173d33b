import { z } from "zod";
import type { Guard } from "../machine/guard/guard.ts";
import { Brief, Context } from "../wire/context.ts";
import { PolarisError } from "../wire/error.ts";
import { Injection } from "../wire/injection.ts";
import { Participant } from "../wire/participant.ts";
import { Name, Slug } from "../wire/session.ts";
import type { ToolAnswer, ToolCall } from "../wire/tools.ts";
import type { Accounts } from "./accounts.ts";
import { type Bound, bindingOf, runningIn } from "./bindings.ts";
import type { Hooks } from "./hooks.ts";
import type { Journal } from "./journal.ts";
import type { Mailbox } from "./mailbox.ts";
import { bindingView, type Members } from "./members.ts";
import { type Session, sessionOf } from "./sessions.ts";
import { spoken } from "./spoken.ts";
import type { Upstream } from "./upstream.ts";

interface Needs {
  journal: Journal;
  accounts: Accounts;
  hooks: Hooks;
  members: Members;
  mailbox: Mailbox;
  upstream: Upstream;
  guard: Guard;
}

/** What the agent's tools do (`wire/tools.ts`). A rule that is broken is an answer in words, never a crash. */
export function startTools({ journal, accounts, hooks, members, mailbox, upstream, guard }: Needs) {
  const { db } = journal;

  /** The agent session that runs in the asking process now. */
  function whoAsks({ pid, agentSession }: ToolCall): { agentSession: string; bound?: Bound } {
    const bound = runningIn(db, pid);
    if (bound) return { agentSession: bound.agent_session, bound };
    const own = hooks.seenIn(pid) ?? agentSession;
    if (!own) {
      throw new PolarisError("not_found", "The recorder has not met this session yet.", {
        hint: "Type /polaris join <project>.",
      });
    }
    const known = bindingOf(db, own);
    return { agentSession: own, ...(known && known.state !== "left" ? { bound: known } : {}) };
  }

  function recorded(call: ToolCall): { bound: Bound; session: Session } {
    const { bound } = whoAsks(call);
    const session = bound && sessionOf(db, bound.session);
    if (bound && session) return { bound, session };
    throw new PolarisError("not_found", "This session is not recorded.", {
      hint: "The user can type: /polaris join <project>",
    });
  }

  /** The seat is the server's to give: it may have been handed over since. What is known here stands while it is away. */
  async function driverOf(id: string): Promise<string | null> {
    const session = sessionOf(db, id);
    if (!session) return null;
    const request = { path: pathOf(session), timeoutMs: 2_000 };
    return await upstream(session, request, Seat).then(
      ({ driver }) => driver,
      () => session.driver,
    );
  }

  const acts: Record<string, (call: ToolCall) => Promise<string | ToolAnswer>> = {
    async polaris_status(call) {
      const { bound } = whoAsks(call);
      if (!bound)
        return "Not connected: this session is not recorded. /polaris join <project> records it.";
      const { project, name, events, acked, paused } = bindingView(journal, bound);
      const driver = (await driverOf(bound.session)) ?? "nobody";
      const how = paused ? "off the record" : `${acked} of ${events} events on the server`;
      return `Connected: recorded as ${project}/${name} (${how}); ${driver} drives.`;
    },
    async polaris_connect(call) {
      const { project, session } = read(Connect, call);
      const { agentSession, bound } = whoAsks(call);
      const agent = bound?.agent ?? hooks.seen(agentSession)?.agent ?? "claude";
      const {
        project: slug,
        name,
        brief,
        offer,
      } = await members.join({ agentSession, agent, project, name: session });
      const more = offer && `For the user, not for you: ${offer.text}`;
      return [`Connected: recorded as ${slug}/${name} from now on.`, brief, more]
        .filter(Boolean)
        .join("\n\n");
    },
    async polaris_disconnect(call) {
      const { bound } = recorded(call);
      await members.leave({ agentSession: bound.agent_session });
      return "Disconnected: nothing is recorded from now on.";
    },
    async polaris_rename(call) {
      const { bound, session } = recorded(call);
      const label = spoken(guard, read(Rename, call).label, bound);
      const request = {
        method: "PATCH",
        path: pathOf(session),
        body: JSON.stringify({ label }),
      } as const;
      await upstream(session, request, z.unknown());
      return `Teammates now see this session as "${label}".`;
    },
    async polaris_reply(call) {
      const { id, text } = read(Reply, call);
      const { bound } = recorded(call);
      await mailbox.asked.reply(bound, id, spoken(guard, text, bound));
      return "Sent.";
    },
    async polaris_inbox(call) {
      const { bound } = recorded(call);
      const text = await mailbox.asked.empty(bound, call.call);
      if (text === undefined) return "Nothing.";
      return call.call === undefined ? text : { text, receipt: true };
    },
    async polaris_advise(call) {
      const { session, text, project } = read(Advise, call);
      const own = ownOf(call);
      const slug = project ?? own?.project;
      if (!slug) throw whichProject();
      if (own?.project === slug && own.name === session)
        throw new PolarisError("invalid_input", "That is this session.");
      const place = own?.project === slug ? own : accounts.home();
      const path = `/projects/${slug}/sessions/${session}/inject`;
      // The call's own id: made again, it is the same advice.
      const words = spoken(guard, text, whoAsks(call).bound);
      const body = JSON.stringify({ id: call.call, text: words, via: "mcp" });
      const { id } = await upstream(place, { method: "POST", path, body }, Injection);
      return `Queued for ${slug}/${session} as ${id}.`;
    },
    async polaris_context(call) {
      const {
        project,
        session,
        person,
        after,
        before,
        search,
        budget = 1500,
        brief,
      } = read(Asked, call);
      const own = ownOf(call);
      const slug = project ?? own?.project;
      if (!slug) throw whichProject();
      const place = own?.project === slug ? own : accounts.home();
      const query = new URLSearchParams({ budget: String(budget) });
      if (brief) {
        const path = session
          ? `/projects/${slug}/sessions/${session}/brief`
          : `/projects/${slug}/brief`;
        return (await upstream(place, { path: `${path}?${query}` }, Brief)).text;
      }
      // What it has done itself it knows.
      const except = own && own.project === slug && session === undefined ? own.name : undefined;
      const asked = { session, except, person, after, before, q: search };
      for (const [key, value] of Object.entries(asked)) if (value) query.set(key, value);
      const { items } = await upstream(
        place,
        { path: `/projects/${slug}/context?${query}` },
        Context,
      );
      return (
        items
          .map(
            (item) =>
              `[${item.event}] ${item.at.slice(0, 16)} ${item.session} ${item.sender} ${item.kind}: ${item.text}`,
          )
          .join("\n") || "Nothing yet."
      );
    },
    async polaris_sessions(call) {
      const { project } = read(Where, call);
      const { items } = await upstream(
        ownOf(call) ?? accounts.home(),
        { path: "/sessions?limit=50" },
        Sessions,
      );
      const lines = items
        .filter((one) => project === undefined || one.project === project)
        .map(({ project, name, driver, agent, state, label, title, lastPrompt }) =>
          [
            `${project}/${name}`,
            `${driver ?? "nobody"} with ${agent}`,
            state,
            label ?? title ?? lastPrompt?.slice(0, 80),
          ]
            .filter(Boolean)
            .join(", "),
        );
      return lines.join("\n") || "Nobody.";
    },
  };

  function ownOf(call: ToolCall): Session | undefined {
    const { bound } = whoAsks(call);
    return bound && sessionOf(db, bound.session);
  }

  return async function use(call: ToolCall): Promise<ToolAnswer> {
    const act = Object.hasOwn(acts, call.tool) ? acts[call.tool] : undefined;
    try {
      if (!act) throw new PolarisError("not_found", `This recorder has no tool ${call.tool}.`);
      const answer = await act(call);
      return typeof answer === "string" ? { text: answer } : answer;
    } catch (error) {
      if (!(error instanceof PolarisError)) throw error;
      return { text: [error.message, error.hint].filter(Boolean).join(" "), isError: true };
    }
  };
}
export type Tools = ReturnType<typeof startTools>;

function read<T>(shape: z.ZodType<T>, { input }: ToolCall): T {
  const parsed = shape.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new PolarisError("invalid_input", z.prettifyError(parsed.error));
}

const whichProject = () =>
  new PolarisError("invalid_input", "Which project?", {
    hint: "Name one: polaris_sessions lists them.",
  });

const pathOf = ({ project, name }: Session) => `/projects/${project}/sessions/${name}`;

const Connect = z.object({ project: Slug, session: Name.optional() });
const Rename = z.object({ label: z.string().min(1).max(200) });
const Reply = z.object({ id: z.guid(), text: z.string().min(1).max(10_000) });
const Advise = z.object({
  session: Name,
  text: z.string().min(1).max(10_000),
  project: Slug.optional(),
});
const Where = z.object({ project: Slug.optional() });
const time = z.iso.datetime({ offset: true });
const Asked = z.object({
  project: Slug.optional(),
  session: Name.optional(),
  person: Participant.optional(),
  after: time.optional(),
  before: time.optional(),
  search: z.string().max(1000).optional(),
  budget: z.int().min(100).max(20_000).optional(),
  brief: z.boolean().optional(),
});
const Seat = z.looseObject({ driver: z.string().nullable() });
const Sessions = z.looseObject({
  items: z.array(
    z.looseObject({
      project: z.string(),
      name: z.string(),
      driver: z.string().nullable(),
      agent: z.string(),
      state: z.string(),
      label: z.string().nullable(),
      title: z.string().nullable(),
      lastPrompt: z.string().nullable(),
    }),
  ),
});
