import { Elysia } from "elysia";
import { demand, type Needs } from "../core/access.ts";
import type { Caller } from "../core/caller.ts";
import { PolarisError } from "../wire/error.ts";
import { authenticate } from "./auth.ts";
import type { House } from "./house.ts";
import { isSame } from "./metrics.ts";

/**
 * The door of every route: `{ needs: "read" }` in its options gives the handler a `caller` who may. A route that says
 * nothing has no `caller` and does not compile against core; the access matrix in the tests is made from what routes
 * say here.
 */
export const guard = (house: House) =>
  new Elysia({ name: "guard" }).macro({
    needs: (needs: Exclude<Needs, "public" | "local">) => ({
      // OpenAPI's own way to say it: this operation takes a token with this scope.
      detail: { security: [{ token: [needs] }] },
      async resolve({ request }): Promise<{ caller: Caller }> {
        const isSocket = request.headers.get("upgrade")?.toLowerCase() === "websocket";
        const found = await authenticate(request, house.identify, { socket: isSocket });
        const caller = { ...found, address: house.addressOf(request) };
        demand(caller, needs);
        // A machine's batches are counted by their events (`limits.pace`), never refused by their number.
        const changes = request.method !== "GET" && request.method !== "HEAD";
        if (changes && new URL(request.url).pathname !== "/ingest") house.limits.write(caller);
        return { caller };
      },
    }),
    /** Open to everybody, and said so. */
    anyone: (_: true) => ({ detail: { security: [] } }),
    /** A page: `pages.ts` sends who may not in to the door instead of answering JSON. */
    page: (needs: "read" | "admin") => ({ detail: { security: [{ cookie: [needs] }] } }),
    /** Only for who can read the key in the server's data directory; metrics have a door of their own besides. */
    local: (what: true | "metrics") => ({
      detail: { security: [{ local: [] }] },
      resolve({ request }): { isLocal: true } {
        const shown = request.headers.get("authorization")?.replace(/^Bearer /, "");
        if (house.localKey && shown === house.localKey) return { isLocal: true };
        if (what === "metrics" && mayRead(house, request, shown)) return { isLocal: true };
        throw new PolarisError("unauthenticated", "This is for the server's own machine.", {
          hint: "Run the command as the user that runs the server, with its --data-dir.",
        });
      },
    }),
  });

/** A proxy beside us calls from loopback for the whole world: what it adds to a request shuts that door. */
function mayRead(house: House, request: Request, shown: string | undefined): boolean {
  const { token, loopback } = house.metricsDoor;
  if (token && shown && isSame(shown, token)) return true;
  const isProxied = ["forwarded", "x-forwarded-for", "via"].some((it) => request.headers.has(it));
  const address = house.addressOf(request) ?? "";
  return loopback === true && !isProxied && /^(127\.|::1$)/.test(address);
}
