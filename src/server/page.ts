import { demand } from "../core/access.ts";
import type { Caller } from "../core/caller.ts";
import * as orgs from "../core/orgs.ts";
import { problemPage } from "../web/pages/problem.tsx";
import { type Frame, themeOf } from "../web/pages/shell.tsx";
import { respond } from "../web/respond.ts";
import { PolarisError } from "../wire/error.ts";
import { authenticate } from "./auth.ts";
import { asPolarisError } from "./errors.ts";
import type { House } from "./house.ts";
import { toDoor } from "./redirect.ts";

type Render = (caller: Caller, frame: Frame) => Promise<string | Response>;

export const frameOf = ({ assets }: House, request: Request): Frame => ({
  assets,
  theme: themeOf(request.headers.get("cookie")),
});

/**
 * Draws pages for who is signed in, and takes their forms; who is not goes to the door and comes back here. Errors are
 * pages too. A form of another site is refused by `authenticate`.
 */
export const startPage = (house: House) => {
  const { db, identify, log } = house;

  return async function page(
    request: Request,
    render: Render,
    {
      inPerson = false,
      back,
    }: {
      /** Only for who sits before a browser, and no token whatever its scopes. */
      inPerson?: boolean;
      /** Where to come back to from the door, when this address takes forms only. */
      back?: string;
    } = {},
  ): Promise<Response> {
    const frame = frameOf(house, request);
    try {
      const found = await authenticate(request, identify);
      const caller = { ...found, address: house.addressOf(request) };
      demand(caller, "read");
      if (inPerson && caller.kind !== "browser") throw onlyInPerson();
      if (request.method !== "GET") house.limits.write(caller);
      const { items: mine } = await orgs.list(db, caller);
      const org = mine.find(({ current }) => current);
      const others = mine.filter(({ current }) => !current);
      const drawn = await render(caller, org ? { ...frame, here: { org, others } } : frame);
      return drawn instanceof Response ? drawn : respond(request, drawn);
    } catch (error) {
      const { status, message, hint } = asPolarisError(error, log);
      const { pathname, search } = new URL(request.url);
      if (status === 401) return toDoor(back ?? pathname + search);
      return respond(request, problemPage({ ...frame, status, message, hint }), status);
    }
  };
};

const onlyInPerson = (): PolarisError =>
  new PolarisError("forbidden", "Only a person in a browser can do this.", {
    hint: "Open this address in a browser.",
  });
