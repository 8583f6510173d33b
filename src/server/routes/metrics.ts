import { Elysia } from "elysia";
import { guard } from "../guard.ts";
import type { House } from "../house.ts";
import { NO_PARSE } from "./projects.ts";

/** For Prometheus (row I8): docs/metrics.md names what is in it. */
export const metricRoutes = (house: House) =>
  new Elysia({ name: "metrics" })
    .use(guard(house))
    .get(
      "/metrics",
      async () =>
        new Response(await house.metrics.text(), {
          headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
        }),
      { local: "metrics" },
    )
    // The same in short, for `polaris status --server`.
    .post("/status", () => house.metrics.status(), { local: true, ...NO_PARSE });
