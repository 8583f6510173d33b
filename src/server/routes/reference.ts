import { type AnyElysia, Elysia } from "elysia";
import { referencePage } from "../../web/pages/reference.tsx";
import { respond } from "../../web/respond.ts";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { frameOf } from "../page.ts";
import { type Reference, referenceOf } from "../reference.ts";

/** The server with all its routes, once it is put together. */
export interface Whole {
  app?: AnyElysia;
}

/** The API's own description (row J4), made from all routes at the first request. */
export const referenceRoutes = (house: House, whole: Whole) => {
  let made: Reference | undefined;
  const reference = (): Reference => {
    made ??= referenceOf(whole.app ?? new Elysia(), {
      version: house.version,
      url: house.publicUrl,
    });
    return made;
  };
  return new Elysia({ name: "reference" })
    .use(guard(house))
    .get("/openapi/json", () => reference(), { anyone: true })
    .get(
      "/openapi",
      ({ request }) =>
        respond(
          request,
          referencePage({
            ...frameOf(house, request),
            reference: reference(),
            canonical: `${house.publicUrl}/openapi`,
          }),
        ),
      { anyone: true },
    );
};
