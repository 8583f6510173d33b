import { afterAll, expect, test } from "bun:test";
import { z } from "zod";
import { NEEDS } from "../../src/core/access.ts";
import { isAtLeast, type Role, SCOPES, type Scope } from "../../src/core/caller.ts";
import { organisation } from "../helpers/people.ts";
import { startMachine, startPolaris } from "../helpers/polaris.ts";
import { quickest } from "../helpers/quickest.ts";
import { type Actor, everybody } from "./actors.ts";
import { type Answer, knock } from "./knock.ts";
import { ROWS, type Row } from "./rows.ts";

/**
 * Every route of the server, as everybody, in a project all see, in a private one and in one that is not there. What
 * must come out follows from what the route asks for in `guard.ts`; a route that asks for nothing, or has no row in
 * `rows.ts`, fails.
 */
const polaris = await startPolaris();
afterAll(() => polaris[Symbol.asyncDispose]());
const other = await organisation(polaris.db, "other");
for (const project of ["open", "closed"]) {
  const machine = startMachine({ project });
  await polaris.ingest([machine.head(), machine.line({ text: "prompt" })]);
}
await polaris.call("/projects/closed", {
  method: "PATCH",
  body: JSON.stringify({ visibility: "private" }),
});
const world = {
  other,
  join: (participant: string) =>
    polaris.call(`/projects/closed/members/${participant}`, { method: "PUT" }),
};
const regulars = await everybody(polaris, world);

const PLACES = ["open", "closed", "absent"] as const;
type Place = (typeof PLACES)[number];

/** What `guard.ts` writes into a route: `[]` for anyone, or one door with one need. */
const Asks = z.union([
  z.tuple([]).transform(() => ({ door: "anyone" as const, needs: "public" as const })),
  z
    .tuple([z.strictObject({ local: z.tuple([]) })])
    .transform(() => ({ door: "local" as const, needs: "local" as const })),
  z
    .tuple([z.strictObject({ token: z.tuple([z.enum(NEEDS)]) })])
    .transform(([{ token }]) => ({ door: "token" as const, needs: token[0] })),
  z
    .tuple([z.strictObject({ cookie: z.tuple([z.enum(NEEDS)]) })])
    .transform(([{ cookie }]) => ({ door: "page" as const, needs: cookie[0] })),
]);
type Asked = z.infer<typeof Asks>;

const ROLE_FOR: Record<string, Role> = {
  read: "viewer",
  ingest: "member",
  inject: "member",
  admin: "admin",
  owner: "owner",
};

/** "you may", or the status that says no. */
type Verdict = "may" | 401 | 403 | 404 | "sign in";

function verdict(
  method: string,
  { door, needs }: Asked,
  row: Row,
  { is, isLocal }: Actor,
  place?: Place,
): Verdict {
  if (door === "local") return isLocal ? "may" : 401;
  if (door === "anyone") {
    if (row.form && is?.foreignPage) return 403;
    return row.session && is?.kind !== "browser" ? "sign in" : "may";
  }
  if (!is) return door === "page" ? "sign in" : 401;
  // A cookie opens pages to its person; a Bearer token does as well, being the stronger secret.
  if (is.foreignPage && method !== "GET") return 403;
  if (!reaches(is, needs) || (row.needs && !reaches(is, row.needs))) return 403;
  const kind = is.kind === "api" && is.scopes.includes("admin") ? "admin token" : is.kind;
  if (row.kinds && !row.kinds.some((each) => each === kind)) return 403;
  if (row.target && row.of !== "nobody" && !is.here) return 404;
  if (row.of === "person" && !reaches(is, "admin")) return 404;
  if (place === undefined) return "may";
  if (row.makes && (place === "absent" || !is.here)) return "may";
  const all = is.kind !== "api" && isAtLeast(is.role, "admin");
  const sees = is.here && (place === "open" || (place === "closed" && (is.member || all)));
  if (!sees) return 404;
  if (!row.manages) return "may";
  const trusted = is.kind !== "api" || is.scopes.includes("admin");
  const inside = (place === "closed" && is.member) || isAtLeast(is.role, "admin");
  return trusted && inside ? "may" : 403;
}

function reaches(is: NonNullable<Actor["is"]>, needs: Asked["needs"]): boolean {
  if (needs === "self") return true;
  const scope = needs === "owner" ? "admin" : needs;
  return isAtLeast(is.role, ROLE_FOR[needs] ?? "owner") && is.scopes.includes(scope as Scope);
}

const keyOf = ({ method, path }: { method: string; path: string }) =>
  `${method === "WS" ? "GET" : method} ${path}`;

async function ask(method: string, path: string, row: Row, actor: Actor, place: string) {
  const target = (await row.target?.(polaris)) ?? {};
  const known = {
    proj: place,
    sess: "s-0001",
    seq: "1",
    participant: polaris.caller.participant,
    provider: "oidc",
    ...target,
  };
  let address = `${path}${row.query ?? ""}`.replace("*", "nothing");
  for (const [name, value] of Object.entries(known)) address = address.replace(`:${name}`, value);
  const body = typeof row.body === "function" ? row.body(actor) : row.body;
  const form = row.form && { ...row.form, ...target };
  return knock(`${polaris.url}${address}`, { method, headers: actor.headers, body, form });
}

function meaning({ status, location }: Answer, row: Row): Verdict | number {
  if (location.startsWith("/sign-in")) return "sign in";
  if (row.ok?.includes(status) || status === 101 || (status >= 200 && status < 300)) return "may";
  return status;
}

const rowsOf = (key: string): (Row | undefined)[] => {
  const found = ROWS[key];
  return Array.isArray(found) ? found : [found];
};

// What makes a project of the same name in the other organisation comes late, what signs out last.
const turn = (row: Row | undefined) => (row?.ends ? 2 : row?.makes ? 1 : 0);
const calls = polaris.routes
  .flatMap((route) => rowsOf(keyOf(route)).map((row) => ({ route, row })))
  .toSorted((a, b) => turn(a.row) - turn(b.row));
const titleOf = ({ route, row }: (typeof calls)[number]) =>
  [route.method, `${route.path}${row?.query ?? ""}`, row?.form?.act].filter(Boolean).join(" ");

// promise: shut-door
test.each(calls.map((call) => [titleOf(call), call] as const))(
  "%s lets in whom it should, and nobody else (F4, F5)",
  async (_, { route: { method, path, asks }, row }) => {
    if (!row) throw new Error(`${method} ${path} has no row in test/access/rows.ts`);
    const asked = Asks.parse(asks);
    const hasPlace = `${path}${row.query ?? ""}`.includes(":proj");
    const actors = row.ends ? await everybody(polaris, world) : regulars;
    for (const [name, actor] of Object.entries(actors)) {
      const said = new Map<string, string>();
      for (const place of hasPlace && !row.makes ? PLACES : hasPlace ? PLACES.slice(0, 2) : ["-"]) {
        const answer = await ask(method, path, row, actor, place);
        const where = PLACES.find((known) => known === place);
        const wanted = verdict(method, asked, row, actor, where);
        expect(`${name} in ${place}: ${meaning(answer, row)}`).toBe(
          `${name} in ${place}: ${wanted}`,
        );
        // What one may not see and what is not there are told apart by nothing.
        if (answer.status === 404) said.set(place, answer.body.replaceAll(place, "it"));
        if (typeof wanted === "number" && asked.door !== "page" && !row.form) {
          expect(JSON.parse(answer.body)).toEqual({
            error: {
              code: expect.any(String),
              message: expect.any(String),
              hint: expect.any(String),
            },
          });
        }
      }
      expect([name, new Set(said.values()).size]).toEqual([name, Math.min(1, said.size)]);
    }
  },
);

test("every row has its route", () => {
  const known = new Set(polaris.routes.map(keyOf));
  expect(Object.keys(ROWS).filter((key) => !known.has(key))).toEqual([]);
  expect(new Set(SCOPES).size).toBe(4);
});

test("what is not yours answers as quickly as what is not there", async () => {
  const actor = regulars.member;
  if (!actor) throw new Error("no member");
  const look = (place: string) =>
    fetch(`${polaris.url}/projects/${place}/messages`, { headers: actor.headers });
  const median = (list: number[] = []) => list.toSorted((a, b) => a - b)[list.length >> 1] ?? 0;
  const apart = await quickest(0.3, async () => {
    const times: Record<string, number[]> = { closed: [], absent: [] };
    for (let n = 0; n < 400; n++) {
      for (const place of n % 2 ? ["closed", "absent"] : ["absent", "closed"]) {
        const at = performance.now();
        await (await look(place)).text();
        if (n >= 50) times[place]?.push(performance.now() - at);
      }
    }
    return Math.abs(median(times.closed) - median(times.absent));
  });
  expect(apart).toBeLessThan(0.3);
});
