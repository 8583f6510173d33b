import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Polaris, startPolaris } from "../helpers/polaris.ts";

let polaris: Polaris;
beforeAll(async () => {
  polaris = await startPolaris();
}, 30_000);
afterAll(() => polaris[Symbol.asyncDispose]());

interface Document {
  openapi: string;
  paths: Record<
    string,
    Record<
      string,
      {
        security: unknown;
        operationId: string;
        parameters: { name: string }[];
        requestBody?: { content: unknown };
      }
    >
  >;
}

test("every way into the API is in the document, with what it asks for (J4)", async () => {
  const { openapi, paths } = await polaris.json<Document>("/openapi/json", { as: null });
  expect(openapi).toStartWith("3.1");
  const asked = polaris.routes.filter(
    ({ method, asks }) => method !== "WS" && JSON.stringify(asks).includes("token"),
  );
  const missing = asked.filter(({ method, path, asks }) => {
    const said = paths[path.replaceAll(/:(\w+)/g, "{$1}")]?.[method.toLowerCase()];
    if (/^\/auth\/sign/.test(path)) return false;
    return JSON.stringify(said?.security) !== JSON.stringify(asks);
  });
  expect(missing).toEqual([]);
  const ids = Object.values(paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  );
  expect(new Set(ids).size).toBe(ids.length);
  expect(Object.keys(paths).filter((path) => /^\/app|^\/assets/.test(path))).toEqual([]);
  expect(paths["/search"]?.get?.parameters.map(({ name }) => name)).toContain("file");
  expect(
    JSON.stringify(paths["/projects/{proj}/sessions/{sess}/inject"]?.post?.requestBody),
  ).toContain("text");
});

test("the reference reads without scripts and loads nothing from elsewhere (J4)", async () => {
  const response = await polaris.call("/openapi", { as: null });
  const body = await response.text();
  expect(body).toContain("/projects/{proj}/sessions/{sess}/inject");
  expect(body).not.toMatch(/<script|https?:\/\/(?!localhost|127)[a-z.]*(?:cdn|jsdelivr|unpkg)/);
});
