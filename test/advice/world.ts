import type { Injection } from "../../src/wire/injection.ts";
import { as, type Person, person } from "../helpers/people.ts";
import { type Polaris, startMachine, startPolaris } from "../helpers/polaris.ts";

/**
 * A server, a session that a machine of user:manu records, and people around it. `report` is what the machine's recorder
 * says of advice, by the door it uses.
 */
export async function startAdvice({ project = "etl", name = "s-0001" } = {}) {
  await using stack = new AsyncDisposableStack();
  const polaris = stack.use(await startPolaris());
  const { db, caller } = polaris;
  const machine = startMachine({ project, name });
  await polaris.ingest([machine.head(), machine.line()]);
  const krishna = await person(db, caller.org, "krishna", "member");
  const priya = await person(db, caller.org, "priya", "member");
  const path = `/projects/${project}/sessions/${name}`;
  const owned = stack.move();
  return {
    ...polaris,
    path,
    machine,
    krishna,
    priya,
    as: (who: Person) => as(polaris, who),
    inject: (text: string, more: object = {}, who?: Person) => send(polaris, path, text, more, who),
    async injection(id: string): Promise<Injection> {
      return polaris.json<Injection>(`${path}/injections/${id}`);
    },
    report: (kind: string, body: Record<string, unknown>, more: Record<string, unknown> = {}) =>
      polaris.ingest([
        machine.head(),
        machine.line({ kind: `injection.${kind}`, body, text: undefined, ...more }),
      ]),
    /** The kinds of what the session holds of advice, in the order of its log. */
    async steps(id: string): Promise<string[]> {
      const events = await polaris.messages(path);
      return events
        .filter((event) => event.id === id || event.body.injection === id)
        .map(({ kind }) => kind.replace("injection.", ""));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
export type Advice = Awaited<ReturnType<typeof startAdvice>>;

async function send(
  polaris: Polaris,
  path: string,
  text: string,
  more: object,
  who?: Person,
): Promise<Injection & { status: number; error?: { code: string; message: string } }> {
  const body = { text, ...more };
  const response = who
    ? await as(polaris, who).send("POST", `${path}/inject`, body)
    : await polaris.post(`${path}/inject`, body);
  return { ...((await response.json()) as Injection), status: response.status };
}
