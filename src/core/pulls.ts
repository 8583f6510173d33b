/**
 * A pull request is told of a session by the session's own machine: the person's GitHub token is there and never here.
 * The wish is an event of the session, which its recorder hears as it hears advice.
 */
import type { Db, Tx } from "../db/db.ts";
import { PolarisError } from "../wire/error.ts";
import type { Project } from "../wire/session.ts";
import { by, note } from "./audit.ts";
import type { Caller } from "./caller.ts";
import type { Doorbell } from "./doorbell.ts";
import type { Place } from "./injections.ts";
import { own, post } from "./post.ts";

/** Whether this caller may ask, in this project. */
export async function mayAsk(
  db: Db,
  caller: Caller,
  { id, archivedAt }: Pick<Project, "id" | "archivedAt">,
): Promise<boolean> {
  if (archivedAt || !caller.scopes.includes("inject")) return false;
  return db.as(caller.org, (tx) => isOn(tx, id));
}

async function isOn(tx: Tx, project: string): Promise<boolean> {
  const [row] = await tx<{ on: boolean }[]>`
    select pull_requests as "on" from projects where id = ${project}`;
  return row?.on ?? false;
}

/** Asks the session's machine; what comes of it stands in the session (`pull.told`, `pull.failed`). */
export async function ask(
  db: Db,
  bell: Doorbell,
  caller: Caller,
  { project, session }: Place,
  number: number | undefined,
): Promise<{ id: string }> {
  if (session.state === "finished") {
    throw new PolarisError("conflict", `No machine listens for "${session.name}" any more.`, {
      hint: "Run polaris pr in its working tree.",
    });
  }
  const event = own("pull.asked", caller.participant, { body: number ? { number } : {} });
  await post(
    db,
    bell,
    caller,
    { project, session, events: [event] },
    {
      async before(tx) {
        if (!(await isOn(tx, project.id))) throw off(project.slug);
      },
      async after(tx) {
        const target = `${project.slug}/${session.name}`;
        const detail = number ? { number } : {};
        await note(tx, { ...by(caller), action: "pull.asked", target, detail });
      },
    },
  );
  return { id: event.id };
}

const off = (slug: string): PolarisError =>
  new PolarisError("forbidden", `${slug} tells no pull requests of its sessions.`, {
    hint: "Its settings say so; who manages the project can change them.",
  });
