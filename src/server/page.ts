import type { Server } from "bun";
import { demand } from "../core/access.ts";
import type { Caller } from "../core/caller.ts";
import * as orgs from "../core/orgs.ts";
import { problemPage } from "../web/pages/problem.tsx";
import { type Frame, themeOf } from "../web/pages/shell.tsx";
import { respond } from "../web/respond.ts";
import { addressOf } from "./address.ts";
import { authenticate } from "./auth.ts";
import { asPolarisError } from "./errors.ts";
import type { House } from "./house.ts";

type Render = (caller: Caller, frame: Frame) => Promise<string | Response>;

/** Draws pages for who is signed in; who is not goes to the door and comes back here. Errors are pages too. */
export const startPage = (house: House) => {
  const { db, identify, assets, log } = house;
  const frameOf = (request: Request): Frame => ({
    assets,
    theme: themeOf(request.headers.get("cookie")),
  });

  async function page(request: Request, render: Render, server: Server<unknown> | null = null) {
    const frame = frameOf(request);
    try {
      const found = await authenticate(request, identify);
      const caller = { ...found, address: addressOf(request, server, house.proxies) };
      demand(caller, "read");
      const mine = await orgs.list(db, caller);
      const here = mine.find(({ current }) => current);
      const others = mine.filter(({ current }) => !current);
      const drawn = await render(caller, here ? { ...frame, here: { org: here, others } } : frame);
      return drawn instanceof Response ? drawn : respond(request, drawn);
    } catch (error) {
      const { code, status, message, hint } = asPolarisError(error, log);
      if (code === "unauthenticated") return toDoor(request);
      return respond(request, problemPage({ ...frame, status, message, hint }), status);
    }
  }
  return { frameOf, page };
};

function toDoor(request: Request): Response {
  const { pathname, search } = new URL(request.url);
  const location = `/sign-in?next=${encodeURIComponent(pathname + search)}`;
  return new Response(null, { status: 303, headers: { location, "cache-control": "no-store" } });
}
